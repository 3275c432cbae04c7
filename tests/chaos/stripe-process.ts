import { setTimeout as wait } from 'node:timers/promises'
import type Stripe from 'stripe'
import { STRIPE_EVENT_TYPES } from '#lib/payments/stripe-events.ts'
import { sessionParameters, stripeClient } from '#tests/support/stripe/client.ts'
import { type StripeStandIn, startStripeStandIn } from '#tests/support/stripe/stand-in.ts'
import { STRIPE_TEST_KEY, WEBHOOK_TEST_SECRET } from '#tests/support/stripe-service.ts'

/** What the process is asked: first to open sessions for orders, then to let people pay them. */
export type Task =
  | { do: 'open'; orders: string[]; amountMinor: number }
  | { do: 'pay'; webhookUrl: string; eventsPerSecond: number; refundMinor: number }

/** What it says: where it listens, that the sessions are open, and how all deliveries went. */
export type Report =
  | { is: 'listening'; url: string }
  | { is: 'open' }
  | { is: 'sent' }
  | ({ is: 'settled'; refunded: string[] } & Tally)

export type Tally = {
  events: number
  deliveries: number
  /** Deliveries that were not accepted, by status; 0 for those that nobody answered. */
  refusals: Record<string, number>
  sentMs: number
  settledMs: number
  /** Of deliveries that were accepted: the middle one, and the slowest of a hundred. */
  p50Ms: number
  p99Ms: number
}

/** One payment in four is refunded in part, which is two events more. */
const REFUNDED_EACH = 4
const EVENTS_EACH = 1 + 2 / REFUNDED_EACH
/** One event in ten is sent twice at the same time. */
const TWICE_EACH = 10
const PAUSE_MS = { first: 200, longest: 5_000 }
const OPENED_AT_ONCE = 8

const say = (report: Report) => process.send!(report)

const standIn = await startStripeStandIn({ secretKey: STRIPE_TEST_KEY, webhookSecret: WEBHOOK_TEST_SECRET })
const stripe = stripeClient(standIn, STRIPE_TEST_KEY)
const sessions: { orderId: string; sessionId: string }[] = []
process.on('message', (task: Task) => {
  void (task.do === 'open' ? open(task) : pay(task))
})
process.on('disconnect', () => process.exit())
say({ is: 'listening', url: standIn.url })

async function open({ orders, amountMinor }: Extract<Task, { do: 'open' }>): Promise<void> {
  const left = [...orders]
  const openSome = async () => {
    for (let orderId = left.pop(); orderId; orderId = left.pop()) {
      const metadata = { order_id: orderId }
      const { id } = await stripe.checkout.sessions.create(
        sessionParameters({ amountMinor, metadata, payment_intent_data: { metadata } }),
      )
      sessions.push({ orderId, sessionId: id })
    }
  }
  await Promise.all(Array.from({ length: OPENED_AT_ONCE }, openSome))
  standIn.requests.length = 0
  say({ is: 'open' })
}

async function pay({ webhookUrl, eventsPerSecond, refundMinor }: Extract<Task, { do: 'pay' }>): Promise<void> {
  standIn.webhookUrl = webhookUrl
  const deliveries = new Deliveries(standIn)
  const refunded: string[] = []
  const began = performance.now()
  for (let paid = 0; paid < sessions.length; ) {
    const due = ((performance.now() - began) / 1_000) * (eventsPerSecond / EVENTS_EACH)
    for (; paid < sessions.length && paid < due; paid++) {
      const { orderId, sessionId } = sessions[paid]!
      const { payment_intent } = standIn.pay(sessionId, { method: 'card' })
      if (paid % REFUNDED_EACH === 0) {
        standIn.refund(String(payment_intent), { amountMinor: refundMinor })
        refunded.push(orderId)
      }
      deliveries.sendNew()
    }
    await wait(10)
  }
  const sentMs = performance.now() - began
  say({ is: 'sent' })
  await deliveries.settled()
  say({ is: 'settled', refunded, ...deliveries.tally(), sentMs, settledMs: performance.now() - began })
}

/** Sends events until each is accepted, and counts. */
class Deliveries {
  readonly #standIn: StripeStandIn
  readonly #running = new Set<Promise<void>>()
  readonly #tookMs: number[] = []
  readonly #refusals: Record<string, number> = {}
  #seen = 0
  #events = 0
  #deliveries = 0

  constructor(standIn: StripeStandIn) {
    this.#standIn = standIn
    this.#seen = standIn.events.length
  }

  sendNew(): void {
    for (const event of this.#standIn.events.slice(this.#seen)) {
      if (!STRIPE_EVENT_TYPES.some((type) => type === event.type)) continue
      if (this.#events++ % TWICE_EACH === 0) this.#start(event)
      this.#start(event)
    }
    this.#seen = this.#standIn.events.length
  }

  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running)
  }

  tally() {
    const sorted = this.#tookMs.sort((a, b) => a - b)
    const at = (share: number) => Math.round(sorted[Math.floor(sorted.length * share)] ?? 0)
    const [p50Ms, p99Ms] = [at(0.5), at(0.99)]
    return { events: this.#events, deliveries: this.#deliveries, refusals: this.#refusals, p50Ms, p99Ms }
  }

  #start(event: Stripe.Event): void {
    const running = this.#send(event).finally(() => this.#running.delete(running))
    this.#running.add(running)
  }

  async #send(event: Stripe.Event): Promise<void> {
    for (let pauseMs = PAUSE_MS.first; ; pauseMs = Math.min(pauseMs * 2, PAUSE_MS.longest)) {
      const began = performance.now()
      const [status = 0] = await this.#standIn.deliver(event)
      this.#deliveries++
      if (status >= 200 && status < 300) {
        this.#tookMs.push(performance.now() - began)
        return
      }
      this.#refusals[status] = (this.#refusals[status] ?? 0) + 1
      await wait(pauseMs)
    }
  }
}
