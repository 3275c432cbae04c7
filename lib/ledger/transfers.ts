import { sql } from 'drizzle-orm'
import { z } from 'zod'
import { actorName } from '#lib/audit.ts'
import { canonicalJson, sha256 } from '#lib/crypto.ts'
import type { Ctx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { callLedger } from './database-error.ts'

const postTransferInput = z.object({
  kind: z.enum([
    'top_up',
    'grant',
    'promotion',
    'redemption',
    'adjustment',
    'refund',
    'dispute',
    'reversal',
    'goodwill',
  ]),
  debitAccountId: z.uuid(),
  creditAccountId: z.uuid(),
  amountMicros: z.bigint().positive(),
  /** The same key again is the same transfer. */
  idempotencyKey: z.string().min(1).max(200),
  reason: z.string().max(500).optional(),
  externalRef: z.string().max(200).optional(),
  /** What kind of credits a credited wallet receives, and until when they last. */
  lot: z.object({ source: z.enum(['paid', 'promotional', 'code']), expiresAt: z.date().optional() }).optional(),
  /** Takes the amount from this lot alone, named by the transfer that brought it; else lots are drained in their order. */
  fromLotId: z.uuid().optional(),
})

export type PostTransferInput = z.input<typeof postTransferInput>

/**
 * Moves credits from the debit account to the credit account, once per key.
 * @returns the transfer's id, and whether it had been posted before
 * @throws {AppError} `insufficient_credits` when a debited wallet has less free or the lot less left, `conflict` when the key was used for another request
 */
export async function postTransfer(
  ctx: Ctx,
  input: PostTransferInput,
): Promise<{ transferId: string; replayed: boolean }> {
  const transfer = postTransferInput.parse(input)
  const hash = sha256(canonicalJson(transfer))
  const result = await callLedger(() =>
    ctx.db.execute<{ transfer_id: string; replayed: boolean }>(sql`
      SELECT * FROM ledger_post(
        ${newId()}, ${transfer.kind}, ${transfer.debitAccountId}, ${transfer.creditAccountId}, ${transfer.amountMicros},
        ${transfer.idempotencyKey}, ${hash}, ${actorName(ctx.actor)}, ${transfer.reason ?? null}, ${transfer.externalRef ?? null},
        ${transfer.lot?.source ?? null}, ${transfer.lot?.expiresAt?.toISOString() ?? null}, ${transfer.fromLotId ?? null})`),
  )
  const row = result.rows[0]!
  return { transferId: row.transfer_id, replayed: row.replayed }
}
