import { and, eq, sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Transaction } from '#db/client.ts'
import { orders } from '#db/schema/index.ts'
import { actorName, recordAudit } from '#lib/audit.ts'
import { type Ctx, inTransaction, requireAdmin, requireUser } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'
import { creditsToDecimal, priceToDecimal } from '#lib/money.ts'
import { NO_FACTS } from './facts.ts'
import { fulfilOrder } from './fulfil.ts'
import { lockOrder } from './order-rows.ts'
import { type AdminOrder, getOrder, getOrderForAdmin } from './orders.ts'
import type { Order } from './provider.ts'
import type { OrderView } from './shared.ts'

type Tx = Ctx & { db: Transaction }

/** A transfer may be larger than the price, but what is far from it was typed wrong. */
const TIMES_THE_PRICE = 100n

/** Without what breaks lines, turns text around or speaks to a terminal: an operator reads it in a list. */
const inOneLine = (text: string) => text.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu, ' ').trim()

export const reportTransferInput = z.object({
  orderId: z.uuid(),
  /** What helps to find the transfer, such as the payer's name. Without it the last note stays. */
  note: z.string().trim().max(500).transform(inOneLine).optional(),
})

/**
 * The payer's word that a transfer is on its way. It waits for an operator then; said again it may change the note.
 * @throws {AppError} `not_found` for what is not the person's own order by transfer, `order_closed`
 */
export async function reportTransfer(ctx: Ctx, input: z.input<typeof reportTransferInput>): Promise<OrderView> {
  const { userId } = requireUser(ctx)
  const { orderId, note } = reportTransferInput.parse(input)
  return inTransaction(ctx, async (tx) => {
    const [order] = await tx.db
      .select({ state: orders.state, payerNote: orders.payerNote })
      .from(orders)
      .where(and(eq(orders.id, orderId), eq(orders.userId, userId), eq(orders.provider, 'manual')))
      .for('update')
    if (!order) throw new AppError('not_found')
    if (order.state !== 'open' && order.state !== 'pending') throw new AppError('order_closed')
    await fulfilOrder(tx, { orderId, facts: { ...NO_FACTS, state: 'pending' } })
    if (note !== undefined && note !== (order.payerNote ?? '')) {
      await tx.db
        .update(orders)
        .set({ payerNote: note || null, updatedAt: sql`now()` })
        .where(eq(orders.id, orderId))
    }
    return getOrder(tx, { orderId })
  })
}

const reasonField = z.string().trim().min(3, 'must have at least 3 characters').max(500)

const confirmOrderInput = z.object({
  orderId: z.uuid(),
  /** What really came in, in the currency's smallest unit; the order's price unless told. */
  amountMinor: z.bigint().positive().optional(),
  /** Shown to the payer, and kept in the audit log. */
  reason: reasonField.optional(),
})

/** An order after a decision, and whether this call made it. */
export type Decided = { order: AdminOrder; changed: boolean }

/**
 * An operator's word that the money of an order by transfer has come in: its credits are there with the same commit, as
 * many as the money buys, with the line in the audit log. Also for an order that was closed before: the money came after
 * all. The same again changes nothing. Admins and the service only.
 * @throws {AppError} `not_found`; `conflict` when it was confirmed with another amount, or is not paid by transfer;
 * `invalid_input` {field} for an amount far beyond the price
 */
export async function confirmOrder(ctx: Ctx, input: z.input<typeof confirmOrderInput>): Promise<Decided> {
  requireAdmin(ctx)
  const { orderId, amountMinor, reason } = confirmOrderInput.parse(input)
  return inTransaction(ctx, async (tx) => {
    const order = await lockManualOrder(tx, orderId)
    const paidMinor = amountMinor ?? order.priceMinor
    if (paidMinor > order.priceMinor * TIMES_THE_PRICE) {
      const message = `this is more than ${TIMES_THE_PRICE} times the price of the order`
      throw new AppError('invalid_input', { message, params: { field: 'amountMinor' } })
    }
    if (order.paidMinor === paidMinor) return unchanged(tx, order)
    if (order.paidMinor > 0n) {
      const paid = `${priceToDecimal(order.paidMinor, order.currency)} ${order.currency}`
      throw new AppError('conflict', { message: `this order was confirmed before, with ${paid}` })
    }
    const paid = { amountMinor: paidMinor, currency: order.currency }
    await fulfilOrder(tx, { orderId, facts: { ...NO_FACTS, state: 'paid', paid } })
    return decide(tx, order, { action: 'order.confirm', note: reason })
  })
}

const rejectOrderInput = z.object({ orderId: z.uuid(), reason: reasonField })

/**
 * An operator's word that no money came in for an order by transfer; the payer reads the reason. Again with the same
 * reason it changes nothing. Admins and the service only.
 * @throws {AppError} `not_found`; `order_closed` when it was paid or closed before; `conflict` when it was rejected with
 * another reason, or is not paid by transfer
 */
export async function rejectOrder(ctx: Ctx, input: z.input<typeof rejectOrderInput>): Promise<Decided> {
  requireAdmin(ctx)
  const { orderId, reason } = rejectOrderInput.parse(input)
  return inTransaction(ctx, async (tx) => {
    const order = await lockManualOrder(tx, orderId)
    if (order.state === 'rejected') {
      if (order.decisionNote === reason) return unchanged(tx, order)
      throw new AppError('conflict', { message: `this order was rejected before: ${order.decisionNote}` })
    }
    if (order.state !== 'open' && order.state !== 'pending') {
      throw new AppError('order_closed', { message: `this order is ${order.state}` })
    }
    await fulfilOrder(tx, { orderId, facts: { ...NO_FACTS, state: 'rejected' } })
    return decide(tx, order, { action: 'order.reject', note: reason })
  })
}

async function lockManualOrder(tx: Tx, orderId: string): Promise<Order> {
  const order = await lockOrder(tx, orderId)
  if (order.provider === 'manual') return order
  throw new AppError('conflict', { message: `what came in for this order is for ${order.provider} to say` })
}

async function decide(tx: Tx, before: Order, { action, note }: { action: string; note?: string }): Promise<Decided> {
  await tx.db
    .update(orders)
    // What was said of an earlier decision would contradict this one.
    .set({ decidedBy: actorName(tx.actor), decisionNote: note ?? null, updatedAt: sql`now()` })
    .where(eq(orders.id, before.id))
  const order = await getOrderForAdmin(tx, { name: before.id })
  await recordAudit(tx, {
    action,
    subjectType: 'order',
    subjectId: order.id,
    before: { state: before.state },
    after: {
      state: order.state,
      paid: priceToDecimal(order.paidMinor, order.currency),
      currency: order.currency,
      credits: creditsToDecimal(order.creditedMicros),
      bonus: creditsToDecimal(order.bonusCreditedMicros),
    },
    reason: note,
  })
  return { order, changed: true }
}

async function unchanged(tx: Tx, { id }: Order): Promise<Decided> {
  return { order: await getOrderForAdmin(tx, { name: id }), changed: false }
}
