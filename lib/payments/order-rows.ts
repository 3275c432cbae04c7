import { eq, sql } from 'drizzle-orm'
import type { Transaction } from '#db/client.ts'
import { disputes, orders, refunds } from '#db/schema/index.ts'
import type { Ctx } from '#lib/ctx.ts'
import { AppError, invariant } from '#lib/errors.ts'
import type { DisputeFact, RefundFact } from './facts.ts'
import type { Order } from './provider.ts'

type Tx = Ctx & { db: Transaction }

/** An order, locked until the transaction's end. @throws {AppError} `not_found` */
export async function lockOrder(tx: Tx, orderId: string): Promise<Order> {
  const [order] = await tx.db.select().from(orders).where(eq(orders.id, orderId)).for('update')
  if (!order) throw new AppError('not_found', { message: `there is no order ${orderId}` })
  return order
}

/** Money given back for an order, and taken back by banks, by the provider's names for it. */
export type GivenBack = { refunds: Map<string, RefundFact>; disputes: Map<string, DisputeFact> }

/** What is known of money given or taken back for an order. */
export async function readGivenBack(ctx: Ctx, orderId: string): Promise<GivenBack> {
  const refundRows = await ctx.db
    .select({ id: refunds.id, amountMinor: refunds.amountMinor, state: refunds.state })
    .from(refunds)
    .where(eq(refunds.orderId, orderId))
  const disputeRows = await ctx.db
    .select({
      id: disputes.id,
      amountMinor: disputes.amountMinor,
      state: disputes.state,
      withdrawnMinor: disputes.withdrawnMinor,
      reinstatedMinor: disputes.reinstatedMinor,
    })
    .from(disputes)
    .where(eq(disputes.orderId, orderId))
  return {
    refunds: new Map(refundRows.map((row) => [row.id, row])),
    disputes: new Map(disputeRows.map((row) => [row.id, row])),
  }
}

/** Writes what is known of a refund now. */
export async function writeRefund(tx: Tx, orderId: string, { id, amountMinor, state }: RefundFact): Promise<void> {
  const rows = await tx.db
    .insert(refunds)
    .values({ id, orderId, amountMinor, state })
    .onConflictDoUpdate({
      target: refunds.id,
      set: { state, updatedAt: sql`now()` },
      setWhere: eq(refunds.orderId, orderId),
    })
    .returning({ id: refunds.id })
  invariant(rows.length === 1, `refund ${id} is of one order`)
}

/** Writes what is known of a dispute now. */
export async function writeDispute(tx: Tx, orderId: string, { id, ...fact }: DisputeFact): Promise<void> {
  const rows = await tx.db
    .insert(disputes)
    .values({ id, orderId, ...fact })
    .onConflictDoUpdate({
      target: disputes.id,
      set: { ...fact, updatedAt: sql`now()` },
      setWhere: eq(disputes.orderId, orderId),
    })
    .returning({ id: disputes.id })
  invariant(rows.length === 1, `dispute ${id} is of one order`)
}
