import { createHmac } from 'node:crypto'
import { Agent, request } from 'node:http'
import type Stripe from 'stripe'
import type { Store } from './store.ts'

export type Delivery = {
  /** How often the same event is sent, one after the other. */
  times?: number
  /** Another secret than the endpoint's; null sends it unsigned. */
  signWith?: string | null
  /** Seconds since 1970 in the signature, for stale deliveries. */
  timestamp?: number
  /** Sent in place of what was signed. */
  body?: string
}

/** What the endpoint answered; 0 when it did not answer. */
export type Status = number

const PAUSE_MS = { first: 200, longest: 5000 }
const PATIENCE_MS = 10_000

/** Sends events to the endpoint, signed as Stripe signs. */
export class Deliveries {
  url: string | undefined
  readonly #secret: string
  readonly #store: Store
  readonly #now: () => number
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 16 })
  readonly #timers = new Set<NodeJS.Timeout>()
  readonly #sending = new Set<string>()
  #closed = false

  constructor(options: { url?: string; secret: string; store: Store; now: () => number }) {
    this.url = options.url
    this.#secret = options.secret
    this.#store = options.store
    this.#now = options.now
  }

  /** Sends one event and answers with the status of each time. */
  async deliver(event: Stripe.Event, delivery: Delivery = {}): Promise<Status[]> {
    const statuses: Status[] = []
    for (let time = 0; time < (delivery.times ?? 1); time++) statuses.push(await this.#send(event, delivery))
    return statuses
  }

  /** Sends all that nobody has accepted, oldest first, once. */
  async deliverPending(): Promise<Status[]> {
    const statuses: Status[] = []
    for (const id of [...this.#store.undelivered]) statuses.push(await this.#send(this.#event(id), {}))
    return statuses
  }

  /** Sends an event by itself until it is accepted. */
  start(id: string): void {
    if (this.#closed || !this.url || this.#sending.has(id)) return
    this.#sending.add(id)
    this.#attempt(id, PAUSE_MS.first)
  }

  startAll(): void {
    for (const id of this.#store.undelivered) this.start(id)
  }

  close(): void {
    this.#closed = true
    for (const timer of this.#timers) clearTimeout(timer)
    this.#agent.destroy()
  }

  #attempt(id: string, pauseMs: number): void {
    if (!this.#store.undelivered.has(id)) {
      this.#sending.delete(id)
      return
    }
    void this.#send(this.#event(id), {}).then((status) => {
      if (isAccepted(status)) this.#sending.delete(id)
      else this.#after(pauseMs, () => this.#attempt(id, Math.min(pauseMs * 2, PAUSE_MS.longest)))
    })
  }

  #event(id: string): Stripe.Event {
    return this.#store.events.find(id) as Stripe.Event
  }

  #after(delayMs: number, run: () => void): void {
    if (this.#closed) return
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      run()
    }, delayMs)
    this.#timers.add(timer.unref())
  }

  async #send(event: Stripe.Event, { signWith, timestamp, body }: Delivery): Promise<Status> {
    if (!this.url) throw new Error('The stand-in has no webhookUrl to deliver to.')
    const payload = JSON.stringify(event, null, 2)
    const secret = signWith === undefined ? this.#secret : signWith
    const at = timestamp ?? Math.floor(this.#now() / 1000)
    const status = await this.#post(this.url, body ?? payload, {
      'content-type': 'application/json; charset=utf-8',
      'user-agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
      ...(secret !== null && { 'stripe-signature': signature(payload, secret, at) }),
    })
    if (isAccepted(status) && body === undefined) this.#accept(event)
    return status
  }

  #accept(event: Stripe.Event): void {
    if (!this.#store.undelivered.delete(event.id)) return
    event.pending_webhooks = 0
    this.#store.save()
  }

  #post(url: string, body: string, headers: Record<string, string>): Promise<Status> {
    return new Promise((resolve) => {
      const outgoing = request(
        url,
        { method: 'POST', headers, agent: this.#agent, timeout: PATIENCE_MS },
        (response) => {
          response.resume()
          response.on('end', () => resolve(response.statusCode ?? 0))
          response.on('error', () => resolve(0))
        },
      )
      outgoing.on('timeout', () => outgoing.destroy())
      outgoing.on('error', () => resolve(0))
      outgoing.end(body)
    })
  }
}

/** The value of `Stripe-Signature` for a payload. */
export function signature(payload: string, secret: string, timestamp: number): string {
  const digest = createHmac('sha256', secret).update(`${timestamp}.${payload}`, 'utf8').digest('hex')
  return `t=${timestamp},v1=${digest}`
}

// A redirect counts as a failure, as it does for Stripe.
function isAccepted(status: Status): boolean {
  return status >= 200 && status < 300
}
