import type Stripe from 'stripe'
import { AppError } from '#lib/errors.ts'
import { log } from '#lib/log.ts'
import { creditsToDecimal } from '#lib/money.ts'
import { NO_FACTS, type PaymentFacts, type RefundFact } from './facts.ts'
import type { Order, PaymentProvider } from './provider.ts'
import { askStripe, getStripe, type StripeRefusal } from './stripe-client.ts'
import { describePayment, describeRefund, fetchPaymentFacts, findRefund, LOOK_AT_ALL } from './stripe-facts.ts'

/** Cards, Alipay and WeChat Pay on a page of Stripe's own (Checkout). */
export const stripeProvider: PaymentProvider = {
  name: 'stripe',
  beginPayment,
  cancelPayment,
  fetchPayment,
  refundPayment,
}

async function beginPayment(order: Order): Promise<PaymentFacts> {
  const { appUrl } = getStripe()
  const parameters = sessionOf(order, appUrl)
  const session = await askStripe(
    (stripe) => stripe.checkout.sessions.create(parameters, { idempotencyKey: `order:${order.id}` }),
    (refusal) => methodRefused(order, refusal),
  )
  return describePayment(session, null)
}

/**
 * What the person pays with. All of it comes from the order's own row: the same key with other parameters would be
 * refused, and another key would make a second thing to pay.
 */
function sessionOf(order: Order, appUrl: string): Stripe.Checkout.SessionCreateParams {
  const { id, reference, method, priceMinor, currency, creditsMicros } = order
  const page = `${appUrl}/credits/orders/${id}`
  const metadata = { order_id: id, site: appUrl }
  return {
    mode: 'payment',
    line_items: [
      {
        quantity: 1,
        price_data: {
          currency: currency.toLowerCase(),
          unit_amount: Number(priceMinor),
          product_data: { name: `${creditsToDecimal(creditsMicros)} credits` },
        },
      },
    ],
    allowed_payment_method_types: [method ?? 'card'],
    ...(method === 'wechat_pay' && { payment_method_options: { wechat_pay: { client: 'web' as const } } }),
    // What is charged is the price that our page says.
    adaptive_pricing: { enabled: false },
    client_reference_id: id,
    metadata,
    payment_intent_data: { metadata, description: reference },
    locale: 'auto',
    success_url: page,
    cancel_url: `${page}?back=1`,
  }
}

function methodRefused({ id, method, currency }: Order, { code, param, message }: StripeRefusal): AppError {
  log.error(
    { orderId: id, method, currency, code, param, stripe: message },
    `Stripe refuses this way to pay: activate ${method} in Stripe's dashboard, or take it out of the setting stripe_methods`,
  )
  return new AppError('payment_method_unavailable', { message: `Stripe: ${code ?? ''} ${message}` })
}

async function cancelPayment(order: Order): Promise<PaymentFacts> {
  const { sessionId } = order
  if (!sessionId) return { ...NO_FACTS, state: 'canceled' }
  const refused = new AppError('order_closed')
  try {
    const session = await askStripe(
      (stripe) => stripe.checkout.sessions.expire(sessionId),
      () => refused,
    )
    return { ...describePayment(session, null), state: 'canceled' }
  } catch (error) {
    if (error !== refused) throw error
  }
  // Somebody was faster: the clock or this person, or the payment.
  const facts = await fetchPayment(order)
  return !facts || facts.state === 'expired' ? { ...NO_FACTS, ...facts, state: 'canceled' } : facts
}

async function fetchPayment(
  { id, sessionId, paymentIntentId, paidMinor }: Order,
  { isWaitedFor } = { isWaitedFor: false },
): Promise<PaymentFacts | null> {
  const look = paidMinor > 0n ? LOOK_AT_ALL : {}
  const payment = await fetchPaymentFacts({ sessionId, paymentIntentId, look, isWaitedFor })
  if (payment && payment.orderId !== id) {
    log.error({ orderId: id, sessionId, paymentIntentId }, 'Stripe says that the payment of an order is not its own')
    return null
  }
  return payment?.facts ?? null
}

async function refundPayment(
  { id, paymentIntentId }: Order,
  { amountMinor, key }: { amountMinor: bigint; key: string },
): Promise<RefundFact> {
  if (!paymentIntentId) throw new AppError('refund_too_much', { message: 'nothing was paid' })
  // Stripe forgets a key after a day; the refund itself keeps it.
  const known = await findRefund(paymentIntentId, key)
  if (known) return requireSameAmount(describeRefund(known), amountMinor)
  const metadata = { order_id: id, request_id: key }
  const parameters = { payment_intent: paymentIntentId, amount: Number(amountMinor), metadata }
  const refund = await askStripe(
    (stripe) => stripe.refunds.create(parameters, { idempotencyKey: `refund:${key}` }),
    refundRefused,
  )
  return describeRefund(refund)
}

function requireSameAmount(refund: RefundFact, amountMinor: bigint): RefundFact {
  if (refund.amountMinor === amountMinor) return refund
  throw new AppError('conflict', { message: `${refund.id} is of another amount` })
}

function refundRefused({ code, param, message }: StripeRefusal): AppError {
  if (code === 'charge_already_refunded' || code === 'charge_disputed' || param === 'amount') {
    return new AppError('refund_too_much', { message })
  }
  return new AppError('conflict', { message })
}
