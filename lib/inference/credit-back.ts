import { eq } from 'drizzle-orm'
import { z } from 'zod'
import { transfers } from '#db/schema/index.ts'
import { recordAudit } from '#lib/audit.ts'
import { type Ctx, inTransaction, requireAdmin } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'
import { HOUSE, lockWallet, postTransfer } from '#lib/ledger/index.ts'
import { creditsToDecimal } from '#lib/money.ts'
import { callReference, findRecord, givenBackOf, listCallTransfers } from './call-facts.ts'

const creditBackCallInput = z.object({
  /** The id of the call's receipt, or of its hold. */
  callId: z.uuid(),
  /** Without it all that was charged and not given back yet. */
  amountMicros: z.bigint().positive().optional(),
  /** Stands on the person's statement, and in the audit log. */
  reason: z.string().trim().min(3, 'must have at least 3 characters').max(500),
  /** The same again is the same gift. */
  requestId: z.uuid().toLowerCase(),
})

/**
 * Gives somebody back what a call was charged, or a part of it: the house's goodwill, never more in all than the charge.
 * It is a line of its own on their statement that leads to the call; the charge stays as it was. The credits are
 * promotional and do not expire. Bounded by what was paid, it needs no second admin. Admins and the service only.
 * @returns what was given, and what could still be; `replayed` when this call changed nothing
 * @throws {AppError} `not_found`; `credit_back_too_much` {left} when less is left of the charge; `conflict` when the
 * request was used for another amount or call
 */
export async function creditBackCall(
  ctx: Ctx,
  input: z.input<typeof creditBackCallInput>,
): Promise<{ transferId: string; amountMicros: bigint; leftMicros: bigint; replayed: boolean }> {
  requireAdmin(ctx)
  const { callId, amountMicros: asked, reason, requestId } = creditBackCallInput.parse(input)
  const record = await findRecord(ctx, callId)
  return inTransaction(ctx, async (tx) => {
    // Two at once for the same call are counted one after the other.
    await lockWallet(tx, { walletId: record.walletId })
    const idempotencyKey = `goodwill:${requestId}`
    const [before] = await tx.db
      .select({ amountMicros: transfers.amountMicros })
      .from(transfers)
      .where(eq(transfers.idempotencyKey, idempotencyKey))
    const leftMicros = record.chargedMicros - givenBackOf(await listCallTransfers(tx, record))
    const amountMicros = asked ?? before?.amountMicros ?? leftMicros
    if (!before && (amountMicros > leftMicros || amountMicros === 0n)) {
      throw new AppError('credit_back_too_much', { params: { left: creditsToDecimal(leftMicros) } })
    }
    const { transferId, replayed } = await postTransfer(tx, {
      kind: 'goodwill',
      debitAccountId: HOUSE.goodwill,
      creditAccountId: record.walletId,
      amountMicros,
      idempotencyKey,
      externalRef: callReference(record.id),
      reason,
      lot: { source: 'promotional' },
    })
    if (replayed) return { transferId, amountMicros, leftMicros, replayed }
    await recordAudit(tx, {
      action: 'call.credit_back',
      subjectType: 'user',
      subjectId: record.userId,
      before: { charged: creditsToDecimal(record.chargedMicros), left: creditsToDecimal(leftMicros) },
      after: { credits: creditsToDecimal(amountMicros), callId: record.id, transferId },
      reason,
    })
    return { transferId, amountMicros, leftMicros: leftMicros - amountMicros, replayed }
  })
}
