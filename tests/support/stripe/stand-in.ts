import type { AddressInfo } from 'node:net'
import type Stripe from 'stripe'
import { Account, type Settlement } from './account.ts'
import { Deliveries, type Delivery, type Status } from './deliveries.ts'
import {
  closeDispute,
  type DisputeEnd,
  type DisputeRequest,
  openDispute,
  reinstateFunds,
  reviewDispute,
  withdrawFunds,
} from './disputes.ts'
import { type FaultPlan, Faults } from './faults.ts'
import type { Method } from './objects.ts'
import { decline, expire, type Payment, pay, settle } from './payments.ts'
import { endRefund, type RefundEnd, type RefundRequest, refund } from './refunds.ts'
import { createStripeServer, type LoggedRequest } from './server.ts'
import { type Collection, Store } from './store.ts'

export type StandInOptions = {
  /** 0 takes any that is free. */
  port?: number
  secretKey: string
  webhookSecret: string
  webhookUrl?: string
  livemode?: boolean
  /** `auto` sends each event by itself until it is accepted; `manual` sends only what it is told to. */
  deliver?: 'auto' | 'manual'
  /** Where people reach the hosted page, if not here: a server that hands on what is below /c/pay. */
  pagesAt?: string
  /** Keeps everything in this file, so that it survives a restart. */
  file?: string
  /** Milliseconds since 1970. */
  now?: () => number
  /** The balance's currency where it differs from that of the payments. */
  settlement?: Settlement
}

const SWEEP_MS = 1000

/** Stripe's servers for tests and demonstrations: real HTTP, no money. */
export async function startStripeStandIn(options: StandInOptions): Promise<StripeStandIn> {
  const standIn = new StripeStandIn(options)
  await standIn.listen(options.port ?? 0)
  return standIn
}

export class StripeStandIn {
  /** What the API was asked, oldest first. */
  readonly requests: LoggedRequest[] = []
  /** Pause before each answer of the API. */
  latencyMs = 0
  url = ''
  readonly #account: Account
  readonly #store: Store
  readonly #deliveries: Deliveries
  readonly #faults = new Faults()
  readonly #server: ReturnType<typeof createStripeServer>
  readonly #auto: boolean
  #sweeper: NodeJS.Timeout | undefined
  #nextExpiry = 0

  constructor(options: StandInOptions) {
    const { now = Date.now, deliver = 'manual' } = options
    this.#auto = deliver === 'auto'
    this.#store = new Store(options.file)
    const { settlement, livemode = false } = options
    this.#account = new Account({ store: this.#store, livemode, settlement, now })
    this.#deliveries = new Deliveries({
      url: options.webhookUrl,
      secret: options.webhookSecret,
      store: this.#store,
      now,
    })
    if (this.#auto) this.#account.onEvent = ({ id }) => void setImmediate(() => this.#deliveries.start(id))
    this.#server = createStripeServer({
      account: this.#account,
      secretKey: options.secretKey,
      faults: this.#faults,
      requests: this.requests,
      latencyMs: () => this.latencyMs,
      beforeEach: () => this.expireDue(),
      pagesAt: () => options.pagesAt ?? this.url,
    })
  }

  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(port, '127.0.0.1', resolve)
    })
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
    if (!this.#auto) return
    this.#deliveries.startAll()
    this.#sweeper = setInterval(() => this.expireDue(), SWEEP_MS).unref()
  }

  /** Ends everything; nothing is sent any more. */
  close(): Promise<void> {
    clearInterval(this.#sweeper)
    this.#deliveries.close()
    return new Promise((resolve) => {
      this.#server.close(() => resolve())
      this.#server.closeAllConnections()
    })
  }

  /** Forgets all objects, events, stored answers, faults and the log; long runs need it, or memory fills. */
  reset(): void {
    this.#store.clear()
    this.#faults.clear()
    this.requests.length = 0
    this.latencyMs = 0
    this.#nextExpiry = 0
  }

  /** Where events go from now on. */
  set webhookUrl(url: string) {
    this.#deliveries.url = url
    if (this.#auto) this.#deliveries.startAll()
  }

  /** All events, oldest first. */
  get events(): readonly Stripe.Event[] {
    return this.#store.events.rows
  }

  /** Events that the endpoint has not accepted yet, oldest first. */
  get undelivered(): Stripe.Event[] {
    return [...this.#store.undelivered].map((id) => this.#store.events.find(id) as Stripe.Event)
  }

  /** Sends an event now, as often and as wrongly as asked. @returns what the endpoint answered each time, 0 for nothing */
  deliver(event: Stripe.Event, delivery?: Delivery): Promise<Status[]> {
    return this.#deliveries.deliver(event, delivery)
  }

  /** Sends all that was never accepted, oldest first, each once. */
  deliverPending(): Promise<Status[]> {
    return this.#deliveries.deliverPending()
  }

  /**
   * Lets requests to the API go wrong. The SDK itself asks once more when a connection was cut, so `reset` and
   * `afterEffect` are seen by its caller only from `times: 2` on.
   */
  failNext(plan: FaultPlan): void {
    this.#faults.add(plan)
  }

  /** The person pays on the hosted page. */
  pay(sessionId: string, payment: Payment): Stripe.Checkout.Session {
    return this.#do((account) => pay(account, this.#session(sessionId), payment))
  }

  /** The bank says no; the session stays open. */
  decline(sessionId: string, method: Method = 'card'): Stripe.PaymentIntent {
    return this.#do((account) => decline(account, this.#session(sessionId), method))
  }

  /** Ends an asynchronous payment. */
  settle(sessionId: string, outcome: 'succeeded' | 'failed'): Stripe.Checkout.Session {
    return this.#do((account) => settle(account, this.#session(sessionId), outcome))
  }

  expire(sessionId: string): Stripe.Checkout.Session {
    return this.#do((account) => expire(account, this.#session(sessionId)))
  }

  /** Expires the sessions whose time is over; requests do it too. */
  expireDue(): void {
    const now = this.#account.now()
    if (now < this.#nextExpiry) return
    const open = this.#store.sessions.rows.filter((session) => session.status === 'open')
    const due = open.filter((session) => session.expires_at <= now)
    for (const session of due) expire(this.#account, session)
    // No session lives less than half an hour, so none can be missed by looking again a minute later.
    this.#nextExpiry = Math.min(
      now + 60,
      ...open.filter((session) => session.expires_at > now).map((session) => session.expires_at),
    )
    if (due.length > 0) this.#store.save()
  }

  /** The operator sends money back from Stripe's dashboard. */
  refund(paymentIntentId: string, request?: RefundRequest): Stripe.Refund {
    return this.#do((account) => refund(account, this.#charge(paymentIntentId), request))
  }

  endRefund(refundId: string, end: RefundEnd): Stripe.Refund {
    return this.#do((account) => endRefund(account, known(this.#store.refunds, refundId), end))
  }

  dispute(paymentIntentId: string, request?: DisputeRequest): Stripe.Dispute {
    return this.#do((account) => openDispute(account, this.#charge(paymentIntentId), request))
  }

  withdrawFunds(disputeId: string): Stripe.Dispute {
    return this.#do((account) => withdrawFunds(account, known(this.#store.disputes, disputeId)))
  }

  /** @param amountMinor all of it when not given */
  reinstateFunds(disputeId: string, amountMinor?: number): Stripe.Dispute {
    return this.#do((account) => reinstateFunds(account, known(this.#store.disputes, disputeId), amountMinor))
  }

  reviewDispute(disputeId: string): Stripe.Dispute {
    return this.#do((account) => reviewDispute(account, known(this.#store.disputes, disputeId)))
  }

  closeDispute(disputeId: string, end: DisputeEnd, options?: { reinstate?: boolean }): Stripe.Dispute {
    return this.#do((account) => closeDispute(account, known(this.#store.disputes, disputeId), end, options))
  }

  // What comes back is a copy: nobody changes the account's rows but its own verbs.
  #do<T extends object>(change: (account: Account) => T): T {
    this.expireDue()
    const row = change(this.#account)
    this.#store.save()
    return structuredClone(row)
  }

  #session(id: string): Stripe.Checkout.Session {
    return known(this.#store.sessions, id)
  }

  #charge(paymentIntentId: string): Stripe.Charge {
    return known(this.#store.charges, String(known(this.#store.paymentIntents, paymentIntentId).latest_charge))
  }
}

function known<T extends { id: string; created: number }>(collection: Collection<T>, id: string): T {
  const row = collection.find(id)
  if (!row) throw new Error(`The stand-in knows no ${collection.name} ${id}.`)
  return row
}
