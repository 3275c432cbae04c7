import { and, eq, isNull, or, sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Transaction } from '#db/client.ts'
import { disputes, orders } from '#db/schema/index.ts'
import { recordAudit } from '#lib/audit.ts'
import { type Ctx, inTransaction, requireAdmin } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'
import { lockWallet, suspendWallet } from '#lib/ledger/index.ts'
import { lockOrder } from './order-rows.ts'

/** Suspends a wallet while a payment into it is disputed, or was lost and nobody forgave it; and lets it go after. */
export async function settleSuspension(tx: Ctx & { db: Transaction }, walletId: string): Promise<void> {
  // Under the wallet's lock: two payments into it may be news at the same time.
  await lockWallet(tx, { walletId })
  const [found] = await tx.db
    .select({ id: disputes.id })
    .from(disputes)
    .innerJoin(orders, eq(orders.id, disputes.orderId))
    .where(
      and(
        eq(orders.walletId, walletId),
        or(eq(disputes.state, 'open'), and(eq(disputes.state, 'lost'), isNull(disputes.forgivenAt))),
      ),
    )
    .limit(1)
  await suspendWallet(tx, { walletId, suspended: found !== undefined })
}

const forgiveDisputeInput = z.object({
  orderId: z.uuid(),
  reason: z.string().trim().min(3, 'must have at least 3 characters').max(500),
})

/**
 * Lets somebody go on whose dispute the bank decided for them: their wallet is no longer suspended for it. Again it
 * changes nothing. Admins and the service only.
 * @throws {AppError} `not_found`; `conflict` when no dispute of the order was lost
 */
export async function forgiveDispute(
  ctx: Ctx,
  input: z.input<typeof forgiveDisputeInput>,
): Promise<{ forgiven: boolean }> {
  requireAdmin(ctx)
  const { orderId, reason } = forgiveDisputeInput.parse(input)
  return inTransaction(ctx, async (tx) => {
    const order = await lockOrder(tx, orderId)
    const lost = and(eq(disputes.orderId, orderId), eq(disputes.state, 'lost'))
    const [known] = await tx.db.select({ id: disputes.id }).from(disputes).where(lost).limit(1)
    if (!known) throw new AppError('conflict', { message: 'no dispute of this order was lost' })
    const forgiven = await tx.db
      .update(disputes)
      .set({ forgivenAt: sql`now()` })
      .where(and(lost, isNull(disputes.forgivenAt)))
      .returning({ id: disputes.id })
    if (forgiven.length === 0) return { forgiven: false }
    await settleSuspension(tx, order.walletId)
    await recordAudit(tx, { action: 'order.forgive', subjectType: 'order', subjectId: orderId, after: {}, reason })
    return { forgiven: true }
  })
}
