import { AsyncLocalStorage } from 'node:async_hooks'
import { eq } from 'drizzle-orm'
import Stripe from 'stripe'
import { expect } from 'vitest'
import { orders } from '#db/schema/index.ts'
import { fulfilOrder } from '#lib/payments/fulfil.ts'
import { cancelOrder, reconcilePayments, refreshOrder, refundOrder } from '#lib/payments/index.ts'
import { stripeProvider } from '#lib/payments/stripe.ts'
import type { StripeAccess } from '#lib/payments/stripe-client.ts'
import { receiveStripeEvent, STRIPE_EVENT_TYPES } from '#lib/payments/stripe-events.ts'
import { singleton } from '#lib/singleton.ts'
import { signature } from '#tests/support/stripe/deliveries.ts'
import type { StripeStandIn } from '#tests/support/stripe/stand-in.ts'
import { STRIPE_TEST_KEY, WEBHOOK_TEST_SECRET } from '#tests/support/stripe-service.ts'
import { holdBack } from './held-back.ts'
import { closedAs, type Errand, type Link, type Part, type Plan, pick, type Scene } from './links.ts'
import type { Move, Snapshot, Topic } from './provider-books.ts'

const standIns = new AsyncLocalStorage<StripeStandIn>()

/** Makes the process's Stripe whichever stand-in the work is done with (`withStandIn`): each lane has its own. */
export function installStripe(): void {
  process.env.STRIPE_SECRET_KEY = STRIPE_TEST_KEY
  process.env.STRIPE_WEBHOOK_SECRET = WEBHOOK_TEST_SECRET
  const fetchThere: typeof fetch = (address, init) => {
    const { pathname, search } = new URL(String(address))
    return fetch(`${standIns.getStore()!.url}${pathname}${search}`, init)
  }
  const httpClient = Stripe.createFetchHttpClient(fetchThere)
  const stripe = new Stripe(STRIPE_TEST_KEY, { httpClient, maxNetworkRetries: 0, telemetry: false })
  const access = { stripe, webhookSecret: WEBHOOK_TEST_SECRET, livemode: false, appUrl: 'http://localhost:3000' }
  singleton<StripeAccess | null>('stripe', () => access)
}

export function withStandIn<T>(standIn: StripeStandIn, work: () => Promise<T>): Promise<T> {
  return standIns.run(standIn, work)
}

/** The whole way: signed events to the webhook, pages and operators, each of whom asks a stand-in with the SDK. */
export class StripeLink implements Link {
  readonly #standIn: StripeStandIn
  #seen = 0
  #given = new Map<string, Snapshot>()
  #parts = new Map<string, Part>()

  constructor(standIn: StripeStandIn) {
    this.#standIn = standIn
    this.#seen = standIn.events.length
  }

  async begin(scene: Scene, part: Part): Promise<void> {
    const facts = (await stripeProvider.beginPayment(part.row))!
    part.row = (await fulfilOrder(scene.lane.system(), { orderId: part.row.id, facts })).order
    part.told.hear(part.books.look('session'))
    this.#parts.set(part.row.sessionId!, part)
  }

  async happen(scene: Scene, part: Part, { move, percent }: { move: number; percent: number }): Promise<null> {
    const chosen = pick(part.books.moves(percent), move)
    if (chosen) {
      const name = this.#enact(part, chosen)
      part.books.apply(chosen, name)
      this.#notice(scene)
    }
    return null
  }

  async plan(scene: Scene, part: Part, errand: Errand): Promise<Plan | null> {
    const { row, told, books } = part
    const { lane } = scene
    const orderId = row.id
    switch (errand.do) {
      case 'deliver': {
        const { message } = errand
        const body = JSON.stringify(message.body, null, 2)
        const signed = { body, signature: signature(body, WEBHOOK_TEST_SECRET, Math.floor(Date.now() / 1000)) }
        const held = await holdBack(lane.db, lane.system(), (ctx) => receiveStripeEvent(ctx, signed))
        const snapshot = books.look(message.topic, { sparing: false })
        const done = () => {
          message.accepted = true
        }
        return { part, isOne: true, answer: held, hear: (now) => now.hear(snapshot, message.id), done }
      }
      case 'land': {
        if (told.state !== 'open' && told.state !== 'pending') return null
        await lane.forgetAsked(orderId)
        const held = await holdBack(lane.db, scene.buyer, (ctx) => refreshOrder(ctx, { orderId }))
        const snapshot = books.look('session', { sparing: false })
        return { part, isOne: false, answer: held, hear: (now) => now.hear(snapshot) }
      }
      case 'reconcile': {
        const held = await holdBack(lane.db, lane.system(), async (ctx) => {
          const [order] = await ctx.db.select().from(orders).where(eq(orders.id, orderId))
          const facts = (await stripeProvider.fetchPayment(order!))!
          return fulfilOrder(ctx, { orderId, facts })
        })
        const isPaid = told.state === 'paid' || told.state === 'review'
        const snapshot = books.look(isPaid ? 'all' : 'session', { sparing: false })
        return { part, isOne: true, answer: held, hear: (now) => now.hear(snapshot) }
      }
      case 'cancel': {
        if (told.state !== 'open') return null
        const held = await holdBack(lane.db, scene.buyer, (ctx) => cancelOrder(ctx, { orderId }), ['order_closed'])
        this.#notice(scene)
        const said = books.look('session', { sparing: false })
        const snapshot = books.session === 'complete' ? said : closedAs('canceled', said)
        return { part, isOne: false, answer: held, hear: (now) => now.hear(snapshot) }
      }
      case 'giveBack': {
        const { amountMinor, requestId } = errand
        const wish = { orderId, amountMinor, requestId, reason: 'as asked' }
        const refusals = ['refund_too_much', 'order_closed']
        return {
          part,
          isOne: false,
          answer: await holdBack(lane.db, lane.system(), (ctx) => refundOrder(ctx, wish), refusals),
          mirror: () => this.#notice(scene),
          hear: (now) => {
            const given = this.#given.get(requestId)
            if (given) now.hear(given)
          },
          again: errand,
        }
      }
    }
  }

  async reconcileAll({ lane, messages }: Scene, parts: readonly Part[]): Promise<void> {
    await reconcilePayments(lane.system(), { sinceDays: 1 })
    const again = await reconcilePayments(lane.system(), { sinceDays: 1 })
    expect(again, 'what a second look finds').toMatchObject({ missedEvents: [], healed: [], differences: [] })
    for (const { part, topic, id } of messages) part.told.hear(part.books.look(topic), id)
    for (const { told, books } of parts) told.hear(books.look('all'))
  }

  /** Lets the stand-in do it. @returns its name for what comes into being */
  #enact({ row, books }: Part, move: Move): string {
    const standIn = this.#standIn
    const session = row.sessionId!
    const refund = (which: number) => books.refunds[which]!.id
    const dispute = (which: number) => books.disputes[which]!.id
    switch (move.do) {
      case 'pay': {
        const currency = move.currency.toLowerCase()
        standIn.pay(session, { method: 'card', async: move.later, amountMinor: Number(move.amountMinor), currency })
        return ''
      }
      case 'settle':
        standIn.settle(session, move.outcome)
        return ''
      case 'decline':
        standIn.decline(session)
        return ''
      case 'say':
        standIn.expire(session)
        return ''
      case 'refund':
        return standIn.refund(this.#paymentOf(row.id), { amountMinor: Number(move.amountMinor), pending: move.pending })
          .id
      case 'endRefund':
        return standIn.endRefund(refund(move.which), move.end).id
      case 'dispute': {
        const { inquiry, withdraw } = move
        return standIn.dispute(this.#paymentOf(row.id), { amountMinor: Number(move.amountMinor), inquiry, withdraw }).id
      }
      case 'withdraw':
        return standIn.withdrawFunds(dispute(move.which)).id
      case 'reinstate':
        return standIn.reinstateFunds(dispute(move.which), Number(move.amountMinor)).id
      case 'close': {
        const end = move.end === 'closed' ? 'warning_closed' : move.end
        return standIn.closeDispute(dispute(move.which), end, { reinstate: move.reinstate }).id
      }
    }
  }

  #payments = new Map<string, string>()

  #paymentOf(orderId: string): string {
    return this.#payments.get(orderId)!
  }

  /** Puts down what the stand-in writes to us, and what we made happen there. */
  #notice(scene: Scene): void {
    for (const event of this.#standIn.events.slice(this.#seen)) {
      const object = event.data.object as { id: string; payment_intent?: string | null; metadata?: Stripe.Metadata }
      const orderId = object.metadata?.order_id
      if (event.type === 'payment_intent.created' && orderId) this.#payments.set(orderId, object.id)
      const part = this.#parts.get(object.id) ?? this.#partOf(String(object.payment_intent))
      if (!part || !STRIPE_EVENT_TYPES.some((type) => type === event.type)) continue
      if (event.request?.id) this.#learn(part, event)
      scene.messages.push({
        id: event.id,
        part,
        topic: topicOf(event.type),
        accepted: false,
        body: structuredClone(event),
      })
    }
    this.#seen = this.#standIn.events.length
  }

  #partOf(paymentIntentId: string): Part | undefined {
    return [...this.#parts.values()].find(({ row }) => this.#payments.get(row.id) === paymentIntentId)
  }

  /** What we asked for ourselves. */
  #learn(part: Part, { type, data, request }: Stripe.Event): void {
    if (type === 'checkout.session.expired') part.books.apply({ do: 'say', state: 'expired' }, '')
    if (type !== 'refund.created') return
    const { id, amount, status } = data.object as Stripe.Refund
    part.books.apply({ do: 'refund', amountMinor: BigInt(amount), pending: status === 'pending' }, id)
    const requestId = request!.idempotency_key!.slice('refund:'.length)
    const alone = part.books.refunds.slice(-1)
    this.#given.set(requestId, { payment: { state: 'open', paid: null, at: -1 }, refunds: alone, disputes: [] })
  }
}

function topicOf(type: string): Topic {
  if (type.startsWith('charge.dispute.')) return 'dispute'
  return type.startsWith('checkout.') ? 'session' : 'refund'
}
