import { z } from 'zod'
import { recordAudit } from '#lib/audit.ts'
import { type Ctx, inTransaction, requireAdmin } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'
import { creditsToDecimal } from '#lib/money.ts'
import { findWallet, HOUSE } from './accounts.ts'
import { postTransfer } from './transfers.ts'

const grantCreditsInput = z.object({
  ownerType: z.enum(['user', 'team']),
  ownerId: z.uuid(),
  amountMicros: z.bigint().positive(),
  /** Why; kept with the transfer and in the audit log. */
  reason: z.string().trim().min(1).max(500),
  /** When what is left of it expires; never unless told. */
  expiresAt: z.date().optional(),
  /** The same key again is the same grant. */
  idempotencyKey: z.string().min(1).max(150),
})

export type GrantCreditsInput = z.input<typeof grantCreditsInput>

/**
 * Gives credits of the house to somebody's wallet, with its line in the audit log in the same commit.
 * Admins and the service only.
 * @returns the transfer's id, what the wallet holds afterwards, and whether the grant had been made before
 * @throws {AppError} `not_found` when there is no such wallet, `conflict` when the key was used for another grant
 */
export async function grantCredits(
  ctx: Ctx,
  input: GrantCreditsInput,
): Promise<{ transferId: string; postedMicros: bigint; replayed: boolean }> {
  requireAdmin(ctx)
  const { ownerType, ownerId, amountMicros, reason, expiresAt, idempotencyKey } = grantCreditsInput.parse(input)
  return inTransaction(ctx, async (tx) => {
    const wallet = await findWallet(tx, { ownerType, ownerId })
    if (!wallet) throw new AppError('not_found', { message: 'there is no such wallet' })
    const { transferId, replayed } = await postTransfer(tx, {
      kind: 'grant',
      debitAccountId: HOUSE.promotions,
      creditAccountId: wallet.id,
      amountMicros,
      idempotencyKey: `grant:${idempotencyKey}`,
      reason,
      lot: { source: 'promotional', expiresAt },
    })
    if (!replayed) {
      await recordAudit(tx, {
        action: 'credits.grant',
        subjectType: ownerType,
        subjectId: ownerId,
        after: { credits: creditsToDecimal(amountMicros), transferId },
        reason,
      })
    }
    const after = await findWallet(tx, { ownerType, ownerId })
    return { transferId, postedMicros: after!.postedMicros, replayed }
  })
}
