import { sql } from 'drizzle-orm'
import type Stripe from 'stripe'
import { paymentEvents } from '#db/schema/index.ts'
import type { Ctx } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'
import { log } from '#lib/log.ts'
import { type Fulfilled, fulfilOrder, type PaymentEvent } from './fulfil.ts'
import { getStripe, type StripeAccess } from './stripe-client.ts'
import { fetchPaymentFacts, type Look, readMetadata, type StripePayment } from './stripe-facts.ts'

/** What Stripe is asked to tell us; a payment that succeeds is told by its session. */
export const STRIPE_EVENT_TYPES = [
  'checkout.session.completed',
  'checkout.session.async_payment_succeeded',
  'checkout.session.async_payment_failed',
  'checkout.session.expired',
  'refund.created',
  'refund.updated',
  'refund.failed',
  'charge.refunded',
  'charge.refund.updated',
  'charge.dispute.created',
  'charge.dispute.updated',
  'charge.dispute.funds_withdrawn',
  'charge.dispute.funds_reinstated',
  'charge.dispute.closed',
] as const satisfies Stripe.Event.Type[]

/** A signature is good for so long. */
const TOLERANCE_S = 300

/** `ignored`: it is about nothing of ours; `changed`: it said something that was not known. */
export type ReceivedEvent = { ignored: boolean; changed: boolean }

const IGNORED: ReceivedEvent = { ignored: true, changed: false }

/**
 * Takes in a message of Stripe's. What it says is only a hint where to look: what is credited is what Stripe answers
 * when asked. Returns once all of it is committed, or nothing had to be; the same message again changes nothing.
 * @param body as it was sent, byte by byte
 * @throws {AppError} `webhook_refused` for what Stripe has not signed, not just now or for another kind of money;
 * `payments_off`; `payment_unreachable`. After anything thrown but the first it is to be sent again.
 */
export async function receiveStripeEvent(
  ctx: Ctx,
  { body, signature }: { body: Uint8Array | string; signature: string | null },
): Promise<ReceivedEvent> {
  const access = getStripe()
  const event = readSigned(access, { body, signature })
  const { isKnown, now } = await lookUp(ctx, event)
  requireFresh(access, { body, signature, now })
  const subject = subjectOf(event)
  if (!subject) return IGNORED
  if (isKnown) return { ignored: false, changed: false }
  const payment = await fetchPaymentFacts(subject)
  if (!payment) {
    log.warn({ eventId: event.id, type: event.type }, 'an event of Stripe is about something that Stripe does not have')
    return IGNORED
  }
  const system: Ctx = { ...ctx, actor: { type: 'system', name: 'stripe' } }
  const fulfilled = await fulfilPayment(system, payment, paymentEvent(event, 'webhook'))
  return typeof fulfilled === 'string' ? IGNORED : { ignored: false, changed: fulfilled.changed }
}

/** The payment that an event is about, and what of it to look at. */
export type EventSubject = { sessionId?: string; paymentIntentId?: string; look: Look }

/** What an event is about; null when nothing of it can be ours. */
export function subjectOf({ type, data }: Stripe.Event): EventSubject | null {
  if (!STRIPE_EVENT_TYPES.some((known) => known === type)) return null
  const object = data.object as { object?: string; id?: string; payment_intent?: string | null }
  if (object.object === 'checkout.session') {
    const { id, metadata } = object as Stripe.Checkout.Session
    return readMetadata(metadata).orderId ? { sessionId: id, look: {} } : null
  }
  if (typeof object.payment_intent !== 'string') return null
  const isDispute = type.startsWith('charge.dispute.')
  return { paymentIntentId: object.payment_intent, look: isDispute ? { disputes: true } : { refunds: true } }
}

/**
 * Takes in what Stripe said of a payment.
 * @returns `not_ours` for a payment that this service did not ask for; `other_payment` when its order was paid by another
 */
export async function fulfilPayment(
  ctx: Ctx,
  { orderId, facts }: StripePayment,
  event?: PaymentEvent,
): Promise<Fulfilled | 'not_ours' | 'other_payment'> {
  if (!orderId) return 'not_ours'
  try {
    return await fulfilOrder(ctx, { orderId, facts, event })
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    if (error.code === 'not_found') return 'not_ours'
    if (error.code !== 'conflict') throw error
    // Said again it would be the same: the operator has to look, and the reconciliation goes on naming it.
    const { sessionId, paymentIntentId } = facts
    log.error({ err: error, orderId, sessionId, paymentIntentId }, 'a second payment came in for an order')
    return 'other_payment'
  }
}

/** How an event is put on record. */
export function paymentEvent({ id, type, created }: Stripe.Event, source: PaymentEvent['source']): PaymentEvent {
  return { id, type, source, happenedAt: new Date(created * 1_000) }
}

type Delivery = { body: Uint8Array | string; signature: string | null }

function readSigned({ stripe, webhookSecret, livemode }: StripeAccess, { body, signature }: Delivery): Stripe.Event {
  let event: Stripe.Event
  try {
    // How old it is comes later: asking the database's clock is for those who could sign.
    event = stripe.webhooks.constructEvent(body, signature ?? '', webhookSecret, 0)
  } catch (error) {
    // Whose secret is wrong must be able to find out.
    log.warn('a message that claims to be of Stripe is not signed with STRIPE_WEBHOOK_SECRET')
    throw new AppError('webhook_refused', { message: 'not signed by Stripe', cause: error })
  }
  if (event.livemode !== livemode) {
    throw new AppError('webhook_refused', { message: `an event with livemode ${event.livemode}` })
  }
  return event
}

function requireFresh(
  { stripe, webhookSecret }: StripeAccess,
  { body, signature, now }: Delivery & { now: Date },
): void {
  try {
    stripe.webhooks.signature?.verifyHeader(body, signature ?? '', webhookSecret, TOLERANCE_S, undefined, now.getTime())
  } catch (error) {
    throw new AppError('webhook_refused', { message: 'signed too long ago', cause: error })
  }
}

async function lookUp(ctx: Ctx, { id }: Stripe.Event): Promise<{ isKnown: boolean; now: Date }> {
  const { rows } = await ctx.db.execute<{ known: boolean; now: Date }>(sql`
    SELECT EXISTS (SELECT 1 FROM ${paymentEvents} WHERE id = ${id}) AS known, clock_timestamp() AS now`)
  const [row] = rows
  return { isKnown: row!.known, now: new Date(row!.now) }
}
