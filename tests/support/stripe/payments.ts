import type Stripe from 'stripe'
import type { Account } from './account.ts'
import { type Method, newCharge, newPaymentIntent } from './objects.ts'

export type Payment = {
  method: Method
  /** The person has paid, the money comes later: `settle` decides. */
  async?: boolean
  /** What is really charged, for coupons and taxes; 0 makes it free. In minor units. */
  amountMinor?: number
  /** Charged in another currency than asked for. */
  currency?: string
}

/** A person pays on the hosted page. */
export function pay(account: Account, session: Stripe.Checkout.Session, payment: Payment): Stripe.Checkout.Session {
  requireOpen(session, payment.method)
  applyTotal(session, payment)
  if (session.amount_total === 0) {
    complete(account, session, 'no_payment_required')
    return session
  }
  const { intent, charge } = confirm(account, session, payment.method)
  if (payment.async) {
    intent.status = 'processing'
    account.emit('payment_intent.processing', intent)
    account.emit('charge.pending', charge)
    complete(account, session, 'unpaid')
    return session
  }
  succeed(account, intent, charge)
  complete(account, session, 'paid')
  clear(account, charge)
  return session
}

/** The bank says no; the session stays open for another attempt. */
export function decline(account: Account, session: Stripe.Checkout.Session, method: Method): Stripe.PaymentIntent {
  requireOpen(session, method)
  const { intent, charge } = confirm(account, session, method)
  fail(account, intent, charge, method)
  return intent
}

/** The money of an asynchronous payment arrives, or it turns out not to come. */
export function settle(
  account: Account,
  session: Stripe.Checkout.Session,
  outcome: 'succeeded' | 'failed',
): Stripe.Checkout.Session {
  const intent = account.store.paymentIntents.find(String(session.payment_intent))
  const charge = account.store.charges.find(String(intent?.latest_charge))
  if (!intent || !charge || intent.status !== 'processing') throw new Error(`Nothing is on its way for ${session.id}.`)
  if (outcome === 'failed') {
    fail(account, intent, charge, charge.payment_method_details?.type as Method)
    account.emit('checkout.session.async_payment_failed', session)
    return session
  }
  succeed(account, intent, charge)
  session.payment_status = 'paid'
  account.emit('checkout.session.async_payment_succeeded', session)
  clear(account, charge)
  return session
}

/** Closes an open session; what was attempted in it is cancelled. */
export function expire(account: Account, session: Stripe.Checkout.Session): Stripe.Checkout.Session {
  if (session.status !== 'open') throw new Error(`${session.id} is ${session.status}, not open.`)
  session.status = 'expired'
  session.url = null
  const intent = account.store.paymentIntents.find(String(session.payment_intent))
  if (intent) {
    intent.status = 'canceled'
    intent.canceled_at = account.now()
    intent.cancellation_reason = 'expired'
    account.emit('payment_intent.canceled', intent)
  }
  account.emit('checkout.session.expired', session)
  return session
}

function requireOpen(session: Stripe.Checkout.Session, method: Method): void {
  if (session.status !== 'open') throw new Error(`${session.id} is ${session.status}, not open.`)
  if (!session.payment_method_types.includes(method)) throw new Error(`${session.id} does not take ${method}.`)
}

function applyTotal(session: Stripe.Checkout.Session, { amountMinor, currency }: Payment): void {
  if (currency !== undefined) session.currency = currency
  if (amountMinor === undefined) return
  const difference = amountMinor - (session.amount_subtotal ?? 0)
  session.amount_total = amountMinor
  session.total_details = {
    amount_discount: Math.max(0, -difference),
    amount_shipping: 0,
    amount_tax: Math.max(0, difference),
  }
}

// The intent comes into being with the first attempt, as in every version since 2022-08-01.
function confirm(account: Account, session: Stripe.Checkout.Session, method: Method) {
  const { store } = account
  const base = {
    created: account.now(),
    livemode: account.livemode,
    amount: session.amount_total ?? 0,
    currency: session.currency ?? '',
  }
  let intent = store.paymentIntents.find(String(session.payment_intent))
  if (!intent) {
    const back = store.backs.get(session.id) ?? { paymentIntentMetadata: {}, description: null }
    intent = store.paymentIntents.add(newPaymentIntent({ id: store.id('pi'), ...base }, session, back))
    session.payment_intent = intent.id
    store.sessions.reindex(session, 'payment_intent')
    account.emit('payment_intent.created', intent)
  }
  intent.amount = base.amount
  intent.currency = base.currency
  intent.last_payment_error = null
  intent.payment_method = store.id('pm')
  const charge = store.charges.add(
    newCharge(
      { id: store.id(method === 'card' ? 'ch' : 'py'), ...base },
      { intent, method, paymentMethod: intent.payment_method, email: session.customer_email },
    ),
  )
  intent.latest_charge = charge.id
  return { intent, charge }
}

function succeed(account: Account, intent: Stripe.PaymentIntent, charge: Stripe.Charge): void {
  Object.assign(charge, {
    status: 'succeeded',
    paid: true,
    captured: true,
    amount_captured: charge.amount,
    outcome: outcome('authorized', 'Payment complete.'),
  } satisfies Partial<Stripe.Charge>)
  account.emit('charge.succeeded', charge)
  intent.status = 'succeeded'
  intent.amount_received = charge.amount
  account.emit('payment_intent.succeeded', intent)
}

// With automatic_async capture the movement of the balance is known a moment after the payment.
function clear(account: Account, charge: Stripe.Charge): void {
  const card = charge.payment_method_details?.type === 'card'
  charge.balance_transaction = account.book({
    type: card ? 'charge' : 'payment',
    reportingCategory: 'charge',
    source: charge.id,
    amount: charge.amount,
    currency: charge.currency,
    fee: 'processing',
    description: charge.description,
  }).id
  charge.receipt_url = `https://pay.stripe.com/receipts/payment/${charge.id}`
  account.emit('charge.updated', charge, { balance_transaction: null, receipt_url: null })
}

function fail(account: Account, intent: Stripe.PaymentIntent, charge: Stripe.Charge, method: Method): void {
  const card = method === 'card'
  const code = card ? 'card_declined' : 'payment_intent_payment_attempt_failed'
  const message = card ? 'Your card was declined.' : 'The payment failed.'
  Object.assign(charge, {
    status: 'failed',
    failure_code: code,
    failure_message: message,
    outcome: {
      ...outcome('issuer_declined', message),
      network_status: 'declined_by_network',
      reason: 'generic_decline',
    },
  } satisfies Partial<Stripe.Charge>)
  account.emit('charge.failed', charge)
  intent.status = 'requires_payment_method'
  intent.payment_method = null
  intent.last_payment_error = {
    charge: charge.id,
    code,
    ...(card && { decline_code: 'generic_decline' }),
    message,
    payment_method_type: method,
    type: card ? 'card_error' : 'invalid_request_error',
  }
  account.emit('payment_intent.payment_failed', intent)
}

function outcome(type: string, message: string): Stripe.Charge.Outcome {
  return {
    advice_code: null,
    network_advice_code: null,
    network_decline_code: null,
    network_status: 'approved_by_network',
    reason: null,
    risk_level: 'normal',
    seller_message: message,
    type,
  }
}

function complete(
  account: Account,
  session: Stripe.Checkout.Session,
  paymentStatus: Stripe.Checkout.Session.PaymentStatus,
): void {
  session.status = 'complete'
  session.payment_status = paymentStatus
  session.url = null
  session.customer_details = {
    address: null,
    business_name: null,
    email: session.customer_email,
    individual_name: null,
    name: null,
    phone: null,
    tax_exempt: 'none',
    tax_ids: [],
  }
  account.emit('checkout.session.completed', session)
}
