import { and, eq, inArray, isNotNull, isNull, sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Transaction } from '#db/client.ts'
import { disputes, orders } from '#db/schema/index.ts'
import { recordAudit } from '#lib/audit.ts'
import { type Ctx, inTransaction, requireAdmin } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'
import { lockWallet, suspendWallet } from '#lib/ledger/index.ts'
import { lockOrder } from './order-rows.ts'

/** Disputes that shut a wallet: those that go on or were lost, unless an operator forgave them. */
const SUSPENDS = and(inArray(disputes.state, ['open', 'lost']), isNull(disputes.forgivenAt))

/** Suspends a wallet while a payment into it is disputed, or after it was lost, unless it was forgiven; and lets it go else. */
export async function settleSuspension(tx: Ctx & { db: Transaction }, walletId: string): Promise<void> {
  // Under the wallet's lock: two payments into it may be news at the same time.
  await lockWallet(tx, { walletId })
  const [found] = await tx.db
    .select({ id: disputes.id })
    .from(disputes)
    .innerJoin(orders, eq(orders.id, disputes.orderId))
    .where(and(eq(orders.walletId, walletId), SUSPENDS))
    .limit(1)
  await suspendWallet(tx, { walletId, suspended: found !== undefined })
}

const forgiveDisputeInput = z.object({
  orderId: z.uuid(),
  reason: z.string().trim().min(3, 'must have at least 3 characters').max(500),
})

/**
 * Lets somebody go on whose payment is disputed, or whose dispute the bank decided for them: their wallet is no longer
 * suspended for it, whatever becomes of it. Again it changes nothing. Admins and the service only.
 * @throws {AppError} `not_found`; `conflict` when no dispute of the order goes on or was lost
 */
export async function forgiveDispute(
  ctx: Ctx,
  input: z.input<typeof forgiveDisputeInput>,
): Promise<{ forgiven: boolean }> {
  requireAdmin(ctx)
  const { orderId, reason } = forgiveDisputeInput.parse(input)
  return inTransaction(ctx, async (tx) => {
    const order = await lockOrder(tx, orderId)
    const forgiven = await tx.db
      .update(disputes)
      .set({ forgivenAt: sql`now()` })
      .where(and(eq(disputes.orderId, orderId), SUSPENDS))
      .returning({ id: disputes.id })
    if (forgiven.length === 0) {
      const [before] = await tx.db
        .select({ id: disputes.id })
        .from(disputes)
        .where(and(eq(disputes.orderId, orderId), isNotNull(disputes.forgivenAt)))
        .limit(1)
      if (!before) throw new AppError('conflict', { message: 'no dispute of this order goes on or was lost' })
      return { forgiven: false }
    }
    await settleSuspension(tx, order.walletId)
    await recordAudit(tx, { action: 'order.forgive', subjectType: 'order', subjectId: orderId, after: {}, reason })
    return { forgiven: true }
  })
}
