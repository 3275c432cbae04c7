import type Stripe from 'stripe'
import { isId } from '#lib/id.ts'
import type { DisputeFact, PaymentFacts, RefundFact } from './facts.ts'
import type { DisputeState, RefundState } from './shared.ts'
import { askStripe, findAtStripe } from './stripe-client.ts'

const PAGE = 100
const RATE_SCALE = 1e9
/** How a payment is asked for while somebody waits in front of a page that asks again by itself. */
const ASK_ONCE: Stripe.RequestOptions = { timeout: 4_000, maxNetworkRetries: 0 }

/** What of a payment there may be news about; what the payment itself says there is is looked at in any case. */
export type Look = { refunds?: boolean; disputes?: boolean }
export const LOOK_AT_ALL: Required<Look> = { refunds: true, disputes: true }

/** What Stripe knows of a payment, and whose it is. */
export type StripePayment = {
  /** The order that it was made for; null for a payment that this service did not ask for. */
  orderId: string | null
  /** The address of the service that asked for it. */
  site: string | null
  facts: PaymentFacts
}

/**
 * Reads a payment from Stripe: one call for one that nobody has taken back, and one more for each kind of what was.
 * @returns null when Stripe knows no such thing
 * @throws {AppError} `payment_unreachable`
 */
export async function fetchPaymentFacts(of: {
  sessionId?: string | null
  paymentIntentId?: string | null
  look?: Look
  isWaitedFor?: boolean
}): Promise<StripePayment | null> {
  const session = of.sessionId ? await fetchSession(of.sessionId, of.isWaitedFor ? ASK_ONCE : {}) : null
  const intent = of.sessionId ? expandedIntent(session) : await fetchIntent(of.paymentIntentId)
  if (!session && !intent) return null
  const facts = describePayment(session, intent)
  return {
    ...readOwner(session, intent),
    facts: intent ? { ...facts, ...(await fetchTakenBack(intent, of.look)) } : facts,
  }
}

/** What of a payment was given or taken back. */
async function fetchTakenBack(intent: Stripe.PaymentIntent, look: Look = {}) {
  const charge = typeof intent.latest_charge === 'object' ? intent.latest_charge : null
  const isRefunded = charge !== null && (charge.refunded || charge.amount_refunded > 0)
  return {
    refunds: look.refunds || isRefunded ? await listRefunds(intent) : [],
    disputes: look.disputes || charge?.disputed ? await listDisputes(intent) : [],
  }
}

/** What a session and its payment say of the payment itself. Either may be missing, not both. */
export function describePayment(session: Stripe.Checkout.Session | null, intent: Stripe.PaymentIntent | null) {
  const isPaid =
    intent?.status === 'succeeded' &&
    intent.amount_received > 0 &&
    (session === null || session.payment_status === 'paid')
  return {
    ...(session && { sessionId: session.id }),
    ...(intent && { paymentIntentId: intent.id }),
    ...(session?.status === 'open' && session.url && { paymentUrl: session.url }),
    state: isPaid ? 'paid' : unpaidState(session, intent),
    paid: isPaid ? { amountMinor: BigInt(intent.amount_received), currency: intent.currency.toUpperCase() } : null,
    refunds: [],
    disputes: [],
  } satisfies PaymentFacts
}

function unpaidState(
  session: Stripe.Checkout.Session | null,
  intent: Stripe.PaymentIntent | null,
): PaymentFacts['state'] {
  if (session?.status === 'expired') return 'expired'
  switch (intent?.status) {
    case 'processing':
    case 'requires_capture':
    // Its session does not say so yet.
    case 'succeeded':
      return 'pending'
  }
  if (session?.status !== 'complete') return 'open'
  // Free of charge, such as by a coupon for all of it: no money, so no credits.
  if (session.payment_status === 'no_payment_required') return 'failed'
  // Checkout lets nobody try again in a session that is complete.
  return intent?.status === 'requires_payment_method' || intent?.status === 'canceled' ? 'failed' : 'pending'
}

/** The refund that was asked for with a key of ours. */
export async function findRefund(paymentIntentId: string, key: string): Promise<Stripe.Refund | undefined> {
  const refunds = await fetchRefunds(paymentIntentId)
  return refunds.find(({ metadata }) => metadata?.request_id === key)
}

/** A refund as Stripe describes it. */
export function describeRefund({ id, amount, status }: Stripe.Refund): RefundFact {
  return { id, amountMinor: BigInt(amount), state: REFUND_STATES[status ?? ''] ?? 'pending' }
}

/** What waits for the person to say where the money should go is on its way too. */
const REFUND_STATES: Record<string, RefundState> = {
  succeeded: 'succeeded',
  failed: 'failed',
  canceled: 'canceled',
}

/**
 * A dispute as Stripe describes it. What was moved for it may be in the currency of our account with Stripe, which is
 * not that of the payment: then the first withdrawal is worth what is disputed, and each other movement its share of
 * that at the rate of its own day. So what came back whole is whole, and what came back in part is a part.
 * @param payment what was paid, in minor units, and its currency in lower case
 */
export function describeDispute(dispute: Stripe.Dispute, payment: { amount: number; currency: string }): DisputeFact {
  // Were it counted in another currency, all of the payment is taken to be disputed.
  const isSame = dispute.currency === payment.currency
  const amountMinor = BigInt(isSame ? dispute.amount : payment.amount)
  const moves = [...dispute.balance_transactions].sort((a, b) => a.created - b.created)
  const first = moves.find(({ amount }) => amount < 0)
  const worthOf = (move: Stripe.BalanceTransaction) => {
    const moved = BigInt(Math.abs(move.amount))
    if (!first || (isSame && move.currency === payment.currency)) return first ? moved : 0n
    const whole = BigInt(-first.amount) * scaledRate(move)
    return (amountMinor * moved * scaledRate(first) + whole / 2n) / whole
  }
  const sum = (sign: 1 | -1) =>
    moves.reduce((total, move) => (move.amount * sign > 0 ? total + worthOf(move) : total), 0n)
  const withdrawnMinor = sum(-1)
  return {
    id: dispute.id,
    amountMinor,
    state: DISPUTE_STATES[dispute.status] ?? 'open',
    withdrawnMinor,
    reinstatedMinor: lesser(sum(1), withdrawnMinor),
  }
}

/** Only compared with others of the same pair of currencies. */
function scaledRate({ exchange_rate }: Stripe.BalanceTransaction): bigint {
  return BigInt(Math.max(1, Math.round((exchange_rate ?? 1) * RATE_SCALE)))
}

/** Whatever else Stripe says of a dispute, it goes on. */
const DISPUTE_STATES: Record<string, DisputeState> = {
  warning_needs_response: 'inquiry',
  warning_under_review: 'inquiry',
  warning_closed: 'closed',
  prevented: 'won',
  won: 'won',
  lost: 'lost',
}

/**
 * Whose payment it is. Only what we wrote into it counts: `client_reference_id` can be chosen by whoever opens one of
 * the operator's payment links.
 */
function readOwner(session: Stripe.Checkout.Session | null, intent: Stripe.PaymentIntent | null) {
  const metadata = session?.metadata ?? intent?.metadata ?? {}
  return readMetadata(metadata)
}

/** What our metadata says of an object: its order, and the service that asked for it. */
export function readMetadata(metadata: Stripe.Metadata | null): { orderId: string | null; site: string | null } {
  const { order_id: orderId, site } = metadata ?? {}
  return { orderId: isId(orderId) ? orderId : null, site: site ?? null }
}

function fetchSession(id: string, options: Stripe.RequestOptions): Promise<Stripe.Checkout.Session | null> {
  const expand = ['payment_intent.latest_charge']
  return findAtStripe((stripe) => stripe.checkout.sessions.retrieve(id, { expand }, options))
}

async function fetchIntent(id: string | null | undefined): Promise<Stripe.PaymentIntent | null> {
  return id ? findAtStripe((stripe) => stripe.paymentIntents.retrieve(id, { expand: ['latest_charge'] })) : null
}

function expandedIntent(session: Stripe.Checkout.Session | null): Stripe.PaymentIntent | null {
  return session && typeof session.payment_intent === 'object' ? session.payment_intent : null
}

async function listRefunds({ id }: Stripe.PaymentIntent): Promise<RefundFact[]> {
  const refunds = await fetchRefunds(id)
  return refunds.filter(({ amount }) => amount > 0).map(describeRefund)
}

function fetchRefunds(paymentIntentId: string): Promise<Stripe.Refund[]> {
  return askStripe((stripe) => collect(stripe.refunds.list({ payment_intent: paymentIntentId, limit: PAGE })))
}

async function listDisputes(intent: Stripe.PaymentIntent): Promise<DisputeFact[]> {
  const { id, amount_received: amount, currency } = intent
  const disputes = await askStripe((stripe) => collect(stripe.disputes.list({ payment_intent: id, limit: PAGE })))
  return disputes
    .filter((dispute) => dispute.amount > 0)
    .map((dispute) => describeDispute(dispute, { amount, currency }))
}

/** All pages of a list. */
async function collect<T>(list: AsyncIterable<T>): Promise<T[]> {
  const rows: T[] = []
  for await (const row of list) rows.push(row)
  return rows
}

function lesser(a: bigint, b: bigint): bigint {
  return b < a ? b : a
}
