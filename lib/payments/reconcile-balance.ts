import { and, eq, gt, gte, inArray, sql } from 'drizzle-orm'
import type Stripe from 'stripe'
import { disputes, orders, refunds } from '#db/schema/index.ts'
import type { Ctx } from '#lib/ctx.ts'
import type { DisputeFact, RefundFact } from './facts.ts'
import { describeMoney, differencesOf } from './order-facts-text.ts'
import { readGivenBack } from './order-rows.ts'
import type { Order } from './provider.ts'
import type { Healing, PaymentDifference } from './reconcile-healing.ts'
import { askStripe, getStripe } from './stripe-client.ts'
import { describeDispute, describeRefund, fetchPaymentFacts, LOOK_AT_ALL, readMetadata } from './stripe-facts.ts'

/** Movements of the balance with Stripe, in the smallest unit of its currency; what goes out counts positive. */
export type PaymentTotals = {
  currency: string
  grossMinor: bigint
  refundedMinor: bigint
  disputedMinor: bigint
  feesMinor: bigint
  netMinor: bigint
}

const PAGE = 100

/**
 * Compares the movements of the balance since then with what is known here, and what is known here with Stripe. What
 * does not match is asked for and taken in; what does not match even then differs.
 */
export async function compareBalance(
  healing: Healing,
  since: Date,
): Promise<{ differences: PaymentDifference[]; totals: PaymentTotals[] }> {
  const { ctx } = healing
  const totals = new Map<string, PaymentTotals>()
  const differences: PaymentDifference[] = []
  const agreed = new Set<string>()
  /** Orders to be asked for, by the payment to ask for where it is not the order's own. */
  const suspects = new Map<string, string | null>()
  for await (const page of balancePages(since)) {
    const known = await readKnown(ctx, page)
    for (const { transaction, source } of page) {
      const order = known.orders.get(source.paymentIntentId)
      const stray = order ? null : await judgeStray(ctx, source)
      if (stray === 'not ours') continue
      count(totals, transaction, source)
      if (order && matches(source, order, known)) agreed.add(nameOf(source, order))
      else if (order) suspects.set(order.id, null)
      else if (typeof stray === 'string') suspects.set(stray, source.paymentIntentId)
      else if (stray) differences.push(stray)
    }
  }
  for (const orderId of await listUnconfirmed(ctx, since, agreed)) suspects.set(orderId, suspects.get(orderId) ?? null)
  for (const [orderId, stray] of suspects) differences.push(...(await compareOrder(healing, orderId, stray)))
  return { differences, totals: [...totals.values()].sort((a, b) => (a.currency < b.currency ? -1 : 1)) }
}

type Source = { paymentIntentId: string; object: Stripe.Charge | Stripe.Refund | Stripe.Dispute }
type Movement = { transaction: Stripe.BalanceTransaction; source: Source }

/** Movements that come of payments. */
async function* balancePages(since: Date): AsyncGenerator<Movement[]> {
  const created = { gte: Math.floor(since.getTime() / 1_000) }
  let startingAfter: string | undefined
  for (;;) {
    const { data, has_more } = await askStripe((stripe) =>
      stripe.balanceTransactions.list({
        created,
        limit: PAGE,
        expand: ['data.source'],
        ...(startingAfter && { starting_after: startingAfter }),
      }),
    )
    yield data.flatMap((transaction) => {
      const { source: object } = transaction
      if (typeof object !== 'object' || object === null) return []
      if (object.object !== 'charge' && object.object !== 'refund' && object.object !== 'dispute') return []
      const payment = object.payment_intent
      return typeof payment === 'string' ? [{ transaction, source: { paymentIntentId: payment, object } }] : []
    })
    startingAfter = data.at(-1)?.id
    if (!has_more || !startingAfter) return
  }
}

type Known = { orders: Map<string | null, Order>; refunds: Map<string, RefundFact>; disputes: Map<string, DisputeFact> }

/** What is known here of a page's payments. */
async function readKnown({ db }: Ctx, page: readonly Movement[]): Promise<Known> {
  const payments = [...new Set(page.map(({ source }) => source.paymentIntentId))]
  const named = page.map(({ source }) => source.object.id)
  const paid = await db.select().from(orders).where(inArray(orders.paymentIntentId, payments))
  const refunded = await db.select().from(refunds).where(inArray(refunds.id, named))
  const disputed = await db.select().from(disputes).where(inArray(disputes.id, named))
  return {
    orders: new Map(paid.map((order) => [order.paymentIntentId, order])),
    refunds: new Map(refunded.map((row) => [row.id, row])),
    disputes: new Map(disputed.map((row) => [row.id, row])),
  }
}

function matches({ object }: Source, order: Order, { refunds, disputes }: Known): boolean {
  switch (object.object) {
    case 'charge':
      return order.paidMinor === BigInt(object.amount_captured) && order.paidCurrency === object.currency.toUpperCase()
    case 'refund':
      return isSameRefund(refunds.get(object.id), describeRefund(object))
    case 'dispute': {
      const payment = { amount: Number(order.paidMinor), currency: (order.paidCurrency ?? '').toLowerCase() }
      return isSameDispute(disputes.get(object.id), describeDispute(object, payment))
    }
  }
}

function isSameRefund(known: RefundFact | undefined, said: RefundFact): boolean {
  return known?.amountMinor === said.amountMinor && known.state === said.state
}

function isSameDispute(known: DisputeFact | undefined, said: DisputeFact): boolean {
  return (
    known?.withdrawnMinor === said.withdrawnMinor &&
    known.reinstatedMinor === said.reinstatedMinor &&
    known.state === said.state
  )
}

/**
 * A payment that no order has: an order's whose news were all missed, a second one for an order, or one of an order that
 * is not there any more. What other services do on the same account is none of it.
 */
async function judgeStray(
  ctx: Ctx,
  { object, paymentIntentId }: Source,
): Promise<string | 'not ours' | PaymentDifference> {
  if (object.object !== 'charge') return 'not ours'
  const { orderId, site } = readMetadata(object.metadata)
  if (!orderId) return 'not ours'
  const [order] = await ctx.db.select().from(orders).where(eq(orders.id, orderId))
  if (order && !order.paymentIntentId) return order.id
  if (!order && site !== getStripe().appUrl) return 'not ours'
  const { amount_captured, currency } = object
  const paid = { amountMinor: BigInt(amount_captured), currency: currency.toUpperCase() }
  const theirs = describeMoney(paid, { refunds: [], disputes: [] }, paid.currency).get('paid') ?? null
  return { orderId, reference: order?.reference ?? null, what: `payment ${paymentIntentId}`, ours: null, theirs }
}

function nameOf({ object }: Source, order: Order): string {
  return object.object === 'charge' ? `paid ${order.id}` : object.id
}

/** Orders with money that we know of since then, and no movement has confirmed. */
async function listUnconfirmed(ctx: Ctx, since: Date, agreed: ReadonlySet<string>): Promise<string[]> {
  const ofStripe = eq(orders.provider, 'stripe')
  const paid = await ctx.db
    .select({ orderId: orders.id, name: sql<string>`'paid ' || ${orders.id}` })
    .from(orders)
    .where(and(ofStripe, gte(orders.paidAt, since)))
  const refunded = await ctx.db
    .select({ orderId: orders.id, name: refunds.id })
    .from(refunds)
    .innerJoin(orders, eq(orders.id, refunds.orderId))
    .where(and(ofStripe, gte(refunds.updatedAt, since)))
  const disputed = await ctx.db
    .select({ orderId: orders.id, name: disputes.id })
    .from(disputes)
    .innerJoin(orders, eq(orders.id, disputes.orderId))
    .where(and(ofStripe, gte(disputes.updatedAt, since), gt(disputes.withdrawnMinor, 0n)))
  return [...paid, ...refunded, ...disputed].filter(({ name }) => !agreed.has(name)).map(({ orderId }) => orderId)
}

/** Asks Stripe for all of one order, takes it in, and says what differs then. */
async function compareOrder(healing: Healing, orderId: string, stray: string | null): Promise<PaymentDifference[]> {
  const { ctx } = healing
  const read = async () => (await ctx.db.select().from(orders).where(eq(orders.id, orderId)))[0]!
  const { sessionId, paymentIntentId } = await read()
  const named = stray ?? paymentIntentId
  const payment = await fetchPaymentFacts({
    ...(named ? { paymentIntentId: named } : { sessionId }),
    look: LOOK_AT_ALL,
  })
  const theirs = payment?.orderId === orderId ? payment : null
  if (theirs) await healing.takeIn(theirs)
  const order = await read()
  const { paidMinor, reference } = order
  const currency = order.paidCurrency ?? order.currency
  const { refunds, disputes } = await readGivenBack(ctx, orderId)
  const known = { refunds: refunds.values(), disputes: disputes.values() }
  const ourMoney = describeMoney({ amountMinor: paidMinor, currency }, known, currency)
  const theirMoney = describeMoney(theirs?.facts.paid ?? null, theirs?.facts ?? { refunds: [], disputes: [] }, currency)
  return differencesOf(ourMoney, theirMoney).map(({ what, before, after }) => ({
    orderId,
    reference,
    what,
    ours: before,
    theirs: after,
  }))
}

function count(totals: Map<string, PaymentTotals>, transaction: Stripe.BalanceTransaction, { object }: Source): void {
  const currency = transaction.currency.toUpperCase()
  const none = { currency, grossMinor: 0n, refundedMinor: 0n, disputedMinor: 0n, feesMinor: 0n, netMinor: 0n }
  const total = totals.get(currency) ?? none
  const amount = BigInt(transaction.amount)
  if (object.object === 'charge') total.grossMinor += amount
  else if (object.object === 'refund') total.refundedMinor -= amount
  else total.disputedMinor -= amount
  total.feesMinor += BigInt(transaction.fee)
  total.netMinor += BigInt(transaction.net)
  totals.set(currency, total)
}
