import { asc, eq } from 'drizzle-orm'
import { z } from 'zod'
import { disputes, orders, paymentEvents } from '#db/schema/index.ts'
import { type Ctx, requireAdmin } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'
import type { PaymentEvent } from './fulfil.ts'
import type { Order } from './provider.ts'
import type { DisputeState } from './shared.ts'

/** What an operator looks up at the provider, and what came from there. Amounts are in the currency's smallest unit. */
export type OrderHistory = Pick<Order, 'provider' | 'sessionId' | 'paymentIntentId' | 'decidedBy'> & {
  disputes: {
    id: string
    state: DisputeState
    amountMinor: bigint
    withdrawnMinor: bigint
    reinstatedMinor: bigint
    forgivenAt: Date | null
    createdAt: Date
  }[]
  /** The oldest first. */
  events: (PaymentEvent & { changed: boolean; createdAt: Date })[]
}

const getOrderHistoryInput = z.object({ orderId: z.uuid() })

/** What stands behind an order. Admins and the service only. @throws {AppError} `not_found` */
export async function getOrderHistory(ctx: Ctx, input: z.input<typeof getOrderHistoryInput>): Promise<OrderHistory> {
  requireAdmin(ctx)
  const { orderId } = getOrderHistoryInput.parse(input)
  const [order] = await ctx.db
    .select({
      provider: orders.provider,
      sessionId: orders.sessionId,
      paymentIntentId: orders.paymentIntentId,
      decidedBy: orders.decidedBy,
    })
    .from(orders)
    .where(eq(orders.id, orderId))
  if (!order) throw new AppError('not_found', { message: `there is no order ${orderId}` })
  const disputed = await ctx.db
    .select({
      id: disputes.id,
      state: disputes.state,
      amountMinor: disputes.amountMinor,
      withdrawnMinor: disputes.withdrawnMinor,
      reinstatedMinor: disputes.reinstatedMinor,
      forgivenAt: disputes.forgivenAt,
      createdAt: disputes.createdAt,
    })
    .from(disputes)
    .where(eq(disputes.orderId, orderId))
    .orderBy(asc(disputes.createdAt), asc(disputes.id))
    .limit(200)
  const events = await ctx.db
    .select({
      id: paymentEvents.id,
      type: paymentEvents.type,
      source: paymentEvents.source,
      happenedAt: paymentEvents.happenedAt,
      changed: paymentEvents.changed,
      createdAt: paymentEvents.createdAt,
    })
    .from(paymentEvents)
    .where(eq(paymentEvents.orderId, orderId))
    .orderBy(asc(paymentEvents.createdAt), asc(paymentEvents.id))
    .limit(200)
  return { ...order, disputes: disputed, events }
}
