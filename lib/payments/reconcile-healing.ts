import { and, asc, eq, gt, inArray, isNull, lt, sql } from 'drizzle-orm'
import type Stripe from 'stripe'
import type { Database } from '#db/client.ts'
import { orders, paymentEvents } from '#db/schema/index.ts'
import type { Ctx } from '#lib/ctx.ts'
import { NO_FACTS, type PaymentFacts } from './facts.ts'
import type { PaymentEvent } from './fulfil.ts'
import { describeOrder, differencesOf, type FactDifference, type FactTexts } from './order-facts-text.ts'
import { readGivenBack } from './order-rows.ts'
import type { Order } from './provider.ts'
import { stripeProvider } from './stripe.ts'
import { askStripe } from './stripe-client.ts'
import { type EventSubject, fulfilPayment, paymentEvent, STRIPE_EVENT_TYPES, subjectOf } from './stripe-events.ts'
import { fetchPaymentFacts, type StripePayment } from './stripe-facts.ts'

/** An event of Stripe's that was not taken in when it came, if it came. */
export type MissedEvent = { id: string; type: string; orderId: string; reference: string; happenedAt: Date }

/** An order of which something was found out, with what was known and what is. */
export type HealedOrder = { orderId: string; reference: string; changes: FactDifference[] }

/** Something that Stripe and we tell differently; null where one of both does not know of it. */
export type PaymentDifference = {
  orderId: string | null
  reference: string | null
  /** `paid`, `refund re_…`, `dispute du_…`, `payment pi_…`. */
  what: string
  ours: string | null
  theirs: string | null
}

const PAGE = 100
/** Who waits in front of a page asks by itself. */
const ASKED_LATELY = sql`interval '2 minutes'`
/** A session does not live longer. */
const SESSION_LIFE = sql`interval '1 day'`

/** Takes in what Stripe answers, and remembers what that has changed. */
export class Healing {
  readonly ctx: Ctx & { db: Database }
  readonly #before = new Map<string, { reference: string; texts: FactTexts }>()
  readonly #after = new Map<string, FactTexts>()

  constructor(ctx: Ctx & { db: Database }) {
    this.ctx = ctx
  }

  /** @returns the order as it is now; null when the payment is none of ours, or not the one of its order */
  async takeIn(payment: StripePayment, event?: PaymentEvent): Promise<Order | null> {
    const { orderId } = payment
    const before = orderId ? await this.#read(orderId) : null
    if (!before) return null
    const fulfilled = await fulfilPayment(this.ctx, payment, event)
    if (typeof fulfilled === 'string') return null
    const { order, changed } = fulfilled
    if (changed) await this.#note(order, before.texts)
    return order
  }

  healed(): HealedOrder[] {
    return (
      [...this.#before]
        .map(([orderId, { reference, texts }]) => {
          return { orderId, reference, changes: differencesOf(texts, this.#after.get(orderId) ?? texts) }
        })
        // What a person never sees is nothing found out, such as the name of an attempt that failed.
        .filter(({ changes }) => changes.length > 0)
    )
  }

  async #note({ id, reference }: Order, before: FactTexts): Promise<void> {
    if (!this.#before.has(id)) this.#before.set(id, { reference, texts: before })
    const now = await this.#read(id)
    if (now) this.#after.set(id, now.texts)
  }

  async #read(orderId: string): Promise<{ texts: FactTexts } | null> {
    const [order] = await this.ctx.db.select().from(orders).where(eq(orders.id, orderId))
    return order ? { texts: describeOrder(order, await readGivenBack(this.ctx, orderId)) } : null
  }
}

/** Takes in all events since then that were not. Each payment is asked for once, however many there are of it. */
export async function takeInMissed(healing: Healing, since: Date): Promise<MissedEvent[]> {
  const missed: MissedEvent[] = []
  for (const { subject, events } of groupByPayment(await listUnknown(healing.ctx, since))) {
    const payment = await fetchPaymentFacts(subject)
    if (!payment) continue
    for (const event of events) {
      const record = paymentEvent(event, 'reconcile')
      const order = await healing.takeIn(payment, record)
      if (!order) continue
      const { id, type, happenedAt } = record
      missed.push({ id, type, orderId: order.id, reference: order.reference, happenedAt })
    }
  }
  return missed.sort((a, b) => a.happenedAt.getTime() - b.happenedAt.getTime())
}

/** Events since then that are not on record, oldest first. */
async function listUnknown(ctx: Ctx, since: Date): Promise<Stripe.Event[]> {
  const created = { gte: Math.floor(since.getTime() / 1_000) }
  const types = [...STRIPE_EVENT_TYPES]
  const unknown: Stripe.Event[] = []
  let startingAfter: string | undefined
  for (;;) {
    const page = await askStripe((stripe) =>
      stripe.events.list({ created, types, limit: PAGE, ...(startingAfter && { starting_after: startingAfter }) }),
    )
    const ids = page.data.map(({ id }) => id)
    const known = await ctx.db
      .select({ id: paymentEvents.id })
      .from(paymentEvents)
      .where(inArray(paymentEvents.id, ids))
    const isKnown = new Set(known.map(({ id }) => id))
    unknown.push(...page.data.filter(({ id }) => !isKnown.has(id)))
    startingAfter = ids.at(-1)
    if (!page.has_more || !startingAfter) return unknown.reverse()
  }
}

function groupByPayment(events: Stripe.Event[]): { subject: EventSubject; events: Stripe.Event[] }[] {
  const groups = new Map<string, { subject: EventSubject; events: Stripe.Event[] }>()
  for (const event of events) {
    const subject = subjectOf(event)
    const name = subject?.sessionId ?? subject?.paymentIntentId
    if (!subject || !name) continue
    const group = groups.get(name)
    if (!group) groups.set(name, { subject, events: [event] })
    else {
      group.events.push(event)
      group.subject.look = { ...group.subject.look, ...subject.look }
    }
  }
  return [...groups.values()]
}

/** Asks what has become of orders that wait for their payment, and closes those that nobody can pay any more. */
export async function askForWaiting(healing: Healing): Promise<PaymentDifference[]> {
  const unknown: PaymentDifference[] = []
  let last: string | undefined
  for (;;) {
    const waiting = await claimWaiting(healing.ctx, last)
    if (waiting.length === 0) break
    // Each once: where many wait, the first was asked long ago when the last is.
    last = waiting
      .map(({ id }) => id)
      .sort()
      .at(-1)
    for (const order of waiting) {
      const facts = await stripeProvider.fetchPayment(order)
      if (facts) await healing.takeIn(ours(order, facts))
      else if (await isStale(healing.ctx, order)) await expire(healing, order)
      else if (order.state === 'pending') {
        const { id: orderId, reference } = order
        unknown.push({ orderId, reference, what: 'payment', ours: 'pending', theirs: null })
      }
    }
  }
  for (const order of await listWithoutSession(healing.ctx)) await expire(healing, order)
  return unknown
}

/** Orders after one that were not asked for lately, from now on asked for by this process. */
function claimWaiting({ db }: Ctx, after: string | undefined): Promise<Order[]> {
  const waiting = db
    .select({ id: orders.id })
    .from(orders)
    .where(
      and(
        eq(orders.provider, 'stripe'),
        inArray(orders.state, ['open', 'pending']),
        sql`${orders.sessionId} IS NOT NULL`,
        sql`coalesce(${orders.askedAt} < now() - ${ASKED_LATELY}, true)`,
        after ? gt(orders.id, after) : undefined,
      ),
    )
    .orderBy(asc(orders.id))
    .limit(PAGE)
    .for('update', { skipLocked: true })
  return db.update(orders).set({ askedAt: sql`now()` }).where(inArray(orders.id, waiting)).returning()
}

/** Nobody was told where these could be paid, and nobody will be. */
function listWithoutSession({ db }: Ctx): Promise<Order[]> {
  return db
    .select()
    .from(orders)
    .where(
      and(
        eq(orders.provider, 'stripe'),
        eq(orders.state, 'open'),
        isNull(orders.sessionId),
        lt(orders.createdAt, sql`now() - ${SESSION_LIFE}`),
      ),
    )
    .limit(10 * PAGE)
}

async function isStale({ db }: Ctx, { id }: Order): Promise<boolean> {
  const old = lt(orders.createdAt, sql`now() - ${SESSION_LIFE}`)
  const rows = await db
    .select({ id: orders.id })
    .from(orders)
    .where(and(eq(orders.id, id), eq(orders.state, 'open'), old))
  return rows.length > 0
}

async function expire(healing: Healing, order: Order): Promise<void> {
  await healing.takeIn(ours(order, { ...NO_FACTS, state: 'expired' }))
}

function ours({ id: orderId }: Order, facts: PaymentFacts): StripePayment {
  return { orderId, site: null, facts }
}
