import type Stripe from 'stripe'
import { API_VERSION } from './objects.ts'
import type { Store } from './store.ts'

export type Settlement = {
  /** Currency of the account's balance. */
  currency: string
  /** Minor units of the balance's currency for one minor unit of any other. */
  rate: number
}

type Booking = {
  type: Stripe.BalanceTransaction.Type
  reportingCategory: string
  source: string
  /** In the currency of the payment; negative takes money away. */
  amount: number
  currency: string
  /** Which fee Stripe takes for it, if any. */
  fee?: 'processing' | 'dispute'
  description: string | null
}

const CARD_FEE = { percent: 2.9, fixed: 30 }
const DISPUTE_FEE = 1500
const AVAILABLE_AFTER_S = 2 * 24 * 3600
const AUTOMATIC: Stripe.Event.Request = { id: null, idempotency_key: null }

/** The account behind the key: its rows, its clock, its balance and the events that every change makes. */
export class Account {
  readonly store: Store
  readonly livemode: boolean
  readonly settlement: Settlement | undefined
  readonly #now: () => number
  /** The API request under way; events made by nobody's request have none. */
  cause = AUTOMATIC
  /** Called with each event once it is stored. */
  onEvent: (event: Stripe.Event) => void = () => undefined

  constructor(options: { store: Store; livemode: boolean; settlement?: Settlement; now: () => number }) {
    this.store = options.store
    this.livemode = options.livemode
    this.settlement = options.settlement
    this.#now = options.now
  }

  /** Seconds since 1970, as Stripe counts. */
  now(): number {
    return Math.floor(this.#now() / 1000)
  }

  /** Runs a change in the name of an API request, so that its events say so. */
  during<T>(cause: Stripe.Event.Request, change: () => T): T {
    this.cause = cause
    try {
      return change()
    } finally {
      this.cause = AUTOMATIC
    }
  }

  /** Stores an event with the object as it is now. */
  emit(type: Stripe.Event.Type, object: object, previous?: object): Stripe.Event {
    const event = {
      id: this.store.id('evt'),
      object: 'event',
      api_version: API_VERSION,
      created: this.now(),
      data: { object: JSON.parse(JSON.stringify(object)), ...(previous && { previous_attributes: previous }) },
      livemode: this.livemode,
      pending_webhooks: 1,
      request: { ...this.cause },
      type,
    } as Stripe.Event
    this.store.events.add(event)
    this.store.undelivered.add(event.id)
    this.onEvent(event)
    return event
  }

  /** A movement of the account's balance, in the currency it is settled in. */
  book(booking: Booking): Stripe.BalanceTransaction {
    const foreign = this.settlement && this.settlement.currency !== booking.currency ? this.settlement : undefined
    const currency = foreign?.currency ?? booking.currency
    const amount = foreign ? Math.round(booking.amount * foreign.rate) : booking.amount
    const fee = feeOf(booking, amount)
    const created = this.now()
    return this.store.balanceTransactions.add({
      id: this.store.id('txn'),
      object: 'balance_transaction',
      amount,
      available_on: created + AVAILABLE_AFTER_S,
      balance_type: 'payments',
      created,
      currency,
      description: booking.description,
      exchange_rate: foreign?.rate ?? null,
      fee,
      fee_details: fee
        ? [{ amount: fee, application: null, currency, description: feeText(booking), type: 'stripe_fee' }]
        : [],
      net: amount - fee,
      reporting_category: booking.reportingCategory,
      source: booking.source,
      status: 'pending',
      type: booking.type,
    })
  }
}

function feeOf({ fee }: Booking, amount: number): number {
  if (!fee) return 0
  return fee === 'dispute' ? DISPUTE_FEE : Math.round((amount * CARD_FEE.percent) / 100) + CARD_FEE.fixed
}

function feeText({ fee }: Booking): string {
  return fee === 'dispute' ? 'Dispute fee' : 'Stripe processing fees'
}
