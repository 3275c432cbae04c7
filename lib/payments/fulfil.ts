import { and, eq, exists, gt, sql } from 'drizzle-orm'
import type { Transaction } from '#db/client.ts'
import { lotsLeft, orders, paymentEvents, transfers } from '#db/schema/index.ts'
import { type Ctx, inTransaction } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'
import { type Books, collectShortfall, moveBooks, type Posted } from './books.ts'
import { settleSuspension } from './disputes.ts'
import { type DisputeFact, joinDispute, joinRefund, keptOf, laterState, type PaymentFacts } from './facts.ts'
import { type GivenBack, lockOrder, readGivenBack, writeDispute, writeRefund } from './order-rows.ts'
import type { Order } from './provider.ts'

type Tx = Ctx & { db: Transaction }

/** The provider's message that brought the news; each is taken in once. */
export type PaymentEvent = { id: string; type: string; source: 'webhook' | 'reconcile'; happenedAt: Date }

export type Fulfilled = { order: Order; changed: boolean; posted: Posted[] }

/**
 * Takes in what a provider says of an order's payment, and lets the books follow: the only way in which an order
 * becomes credits, and credits are taken back for money given back. Webhook, landing page, reconciliation and
 * operators all call it, as often and in whatever order they like. The event's row, the facts and the transfers are one
 * commit; it joins the caller's transaction.
 * @returns `changed` when something was said that was not known; `posted` what was moved for it
 * @throws {AppError} `not_found`; `conflict` when the payment is another one than the order's
 */
export async function fulfilOrder(
  ctx: Ctx,
  { orderId, facts, event }: { orderId: string; facts: PaymentFacts; event?: PaymentEvent },
): Promise<Fulfilled> {
  return inTransaction(ctx, async (tx) => {
    const order = await lockOrder(tx, orderId)
    if (event && (await isKnown(tx, event))) return { order, changed: false, posted: [] }
    const fulfilled = await takeIn(tx, order, facts)
    if (event) {
      const { changed } = fulfilled
      await tx.db.insert(paymentEvents).values({ ...event, orderId, changed })
    }
    return fulfilled
  })
}

async function takeIn(tx: Tx, order: Order, facts: PaymentFacts): Promise<Fulfilled> {
  requireSamePayment(order, facts)
  const known = await readGivenBack(tx, order.id)
  const payment = joinPayment(order, facts)
  const books: Books = { order: { ...order, ...payment }, posted: [] }
  let changed = changesOf(order, payment)

  if (changed) await follow(tx, books, known, { kind: 'top_up', key: `payment:${order.id}:${payment.paidMinor}` })
  for (const said of facts.refunds) {
    const refund = joinRefund(known.refunds.get(said.id), said)
    if (refund.state === known.refunds.get(said.id)?.state) continue
    known.refunds.set(said.id, refund)
    changed = true
    await writeRefund(tx, order.id, refund)
    await follow(tx, books, known, { kind: 'refund', key: `refund:${refund.id}:${refund.state}` })
  }
  for (const said of facts.disputes) {
    const before = known.disputes.get(said.id)
    const dispute = joinDispute(before, said)
    if (before && isSame(before, dispute)) continue
    known.disputes.set(said.id, dispute)
    changed = true
    await writeDispute(tx, order.id, dispute)
    const { id, withdrawnMinor, reinstatedMinor } = dispute
    await follow(tx, books, known, { kind: 'dispute', key: `dispute:${id}:${withdrawnMinor}:${reinstatedMinor}` })
  }
  if (!changed) return { order, changed, posted: [] }

  const [written] = await tx.db
    .update(orders)
    .set({
      ...payment,
      creditedMicros: books.order.creditedMicros,
      shortfallMicros: books.order.shortfallMicros,
      bonusCreditedMicros: books.order.bonusCreditedMicros,
      bonusShortfallMicros: books.order.bonusShortfallMicros,
      updatedAt: sql`now()`,
    })
    .where(eq(orders.id, order.id))
    .returning()
  if (facts.disputes.length > 0) await settleSuspension(tx, order.walletId)
  return { order: written!, changed, posted: books.posted }
}

/**
 * Takes what was bought with money that has been given back, and could not be taken then because a running call held it.
 * @returns how many orders gave something
 */
export async function collectShortfalls(ctx: Ctx, { limit = 100 }: { limit?: number } = {}): Promise<number> {
  const left = ctx.db
    .select({ id: lotsLeft.transferId })
    .from(lotsLeft)
    .innerJoin(transfers, eq(transfers.id, lotsLeft.transferId))
    .where(
      and(
        eq(lotsLeft.walletId, orders.walletId),
        gt(lotsLeft.remainingMicros, 0n),
        eq(transfers.externalRef, sql`'order:' || ${orders.id}`),
      ),
    )
  const due = await ctx.db
    .select({ id: orders.id })
    .from(orders)
    .where(and(sql`${orders.shortfallMicros}::bigint + ${orders.bonusShortfallMicros}::bigint > 0`, exists(left)))
    // In no order, so that some whose credits are held for long do not stand before all others.
    .orderBy(sql`random()`)
    .limit(limit)
  let collected = 0
  for (const { id } of due) {
    const took = await inTransaction(ctx, async (tx) => {
      const books: Books = { order: await lockOrder(tx, id), posted: [] }
      await collectShortfall(tx, books)
      if (books.posted.length === 0) return false
      const { shortfallMicros, bonusShortfallMicros } = books.order
      await tx.db
        .update(orders)
        .set({ shortfallMicros, bonusShortfallMicros, updatedAt: sql`now()` })
        .where(eq(orders.id, id))
      return true
    })
    if (took) collected++
  }
  return collected
}

async function follow(
  tx: Tx,
  books: Books,
  known: GivenBack,
  cause: { kind: 'top_up' | 'refund' | 'dispute'; key: string },
): Promise<void> {
  const { state, paidMinor } = books.order
  if (state !== 'paid') return
  const keptMinor = keptOf(paidMinor, [...known.refunds.values()], [...known.disputes.values()])
  await moveBooks(tx, books, { ...cause, keptMinor })
}

type Payment = Pick<
  Order,
  'state' | 'sessionId' | 'paymentIntentId' | 'paymentUrl' | 'paidMinor' | 'paidCurrency' | 'paidAt'
>

/** What is known of the payment itself after something was said of it. */
function joinPayment(order: Order, facts: PaymentFacts): Payment {
  const { paid } = facts
  const came = paid !== null && paid.amountMinor > 0n
  const isRight = came && paid.currency === order.currency
  // Who says paid and brings no money has said that it is on its way.
  const said = came ? (isRight ? 'paid' : 'review') : facts.state === 'paid' ? 'pending' : facts.state
  const state = laterState(order.state, said)
  const isNews = came && (order.paidCurrency ?? paid.currency) === paid.currency && paid.amountMinor > order.paidMinor
  return {
    state,
    sessionId: order.sessionId ?? facts.sessionId ?? null,
    paymentIntentId: order.paymentIntentId ?? facts.paymentIntentId ?? null,
    paymentUrl: state === 'open' ? (facts.paymentUrl ?? order.paymentUrl) : null,
    paidMinor: isNews ? paid.amountMinor : order.paidMinor,
    paidCurrency: isNews ? paid.currency : order.paidCurrency,
    paidAt: isNews && !order.paidAt ? (sql`now()` as unknown as Date) : order.paidAt,
  }
}

/** A second payment under the same order would be lost in the first: it must be looked at. */
function requireSamePayment(order: Order, facts: PaymentFacts): void {
  const { sessionId, paymentIntentId, paid } = facts
  if (order.provider === 'manual' && (sessionId || paymentIntentId)) {
    throw new AppError('conflict', { message: `order ${order.id} is paid by transfer, not with ${paymentIntentId}` })
  }
  const isOther = (known: string | null, said: string | undefined) => !!known && !!said && known !== said
  if (isOther(order.paymentIntentId, paymentIntentId) || (paid && isOther(order.sessionId, sessionId))) {
    throw new AppError('conflict', { message: `order ${order.id} has another payment than ${paymentIntentId}` })
  }
}

function changesOf(order: Order, payment: Payment): boolean {
  return (Object.keys(payment) as (keyof Payment)[]).some((name) => payment[name] !== order[name])
}

function isSame(a: DisputeFact, b: DisputeFact): boolean {
  return (
    a.state === b.state &&
    a.amountMinor === b.amountMinor &&
    a.withdrawnMinor === b.withdrawnMinor &&
    a.reinstatedMinor === b.reinstatedMinor
  )
}

async function isKnown(tx: Tx, { id }: PaymentEvent): Promise<boolean> {
  const [row] = await tx.db.select({ id: paymentEvents.id }).from(paymentEvents).where(eq(paymentEvents.id, id))
  return row !== undefined
}
