import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { systemCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { startConnectProxy } from '#tests/support/connect-proxy.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { type Buyer, createBuyer, createOrder, type OrderRow } from '#tests/support/orders.ts'
import type { StripeStandIn } from '#tests/support/stripe/stand-in.ts'
import { STRIPE_TEST_KEY, startProcessStripe, WEBHOOK_TEST_SECRET } from '#tests/support/stripe-service.ts'
import { fulfilOrder } from './fulfil.ts'
import { stripeProvider } from './stripe.ts'
import { openStripe } from './stripe-client.ts'
import { fetchPaymentFacts, LOOK_AT_ALL } from './stripe-facts.ts'

let database: TestDatabase
let stripe: StripeStandIn
let buyer: Buyer
/** By how much Stripe's clock is ahead. */
let ahead = 0

beforeAll(async () => {
  stripe = await startProcessStripe({ settlement: { currency: 'hkd', rate: 7.8 }, now: () => Date.now() + ahead })
  database = await createTestDatabase()
  buyer = await createBuyer(database)
})
afterEach(() => {
  ahead = 0
  stripe.reset()
})
afterAll(async () => {
  await stripe.close()
  await database.close()
})

const keys = {
  STRIPE_SECRET_KEY: STRIPE_TEST_KEY,
  STRIPE_WEBHOOK_SECRET: WEBHOOK_TEST_SECRET,
  APP_URL: 'http://localhost:3000',
}
const system = () => systemCtx('test', database.db)

/** An order that can be paid. */
async function begin(fields: Partial<OrderRow> = {}): Promise<OrderRow & { sessionId: string }> {
  const order = await createOrder(buyer, fields)
  return (await know(order)) as OrderRow & { sessionId: string }
}

async function know(order: OrderRow): Promise<OrderRow> {
  const facts = (await stripeProvider.beginPayment(order))!
  return (await fulfilOrder(system(), { orderId: order.id, facts })).order
}

const method = (order: OrderRow) => ({ method: order.method ?? 'card' })
const asked = () => stripe.requests.map(({ method, path }) => `${method} ${path.replace(/\/(cs|pi)_\w+$/, '/…')}`)
const paymentOf = (session: { payment_intent: unknown }) => String(session.payment_intent)

/** A paid order with its payment's name. */
async function pay(fields: Partial<OrderRow> = {}) {
  const order = await begin(fields)
  const session = stripe.pay(order.sessionId, method(order))
  const paymentIntentId = paymentOf(session)
  stripe.requests.length = 0
  return { order: { ...order, paymentIntentId }, paymentIntentId }
}

describe('beginPayment', () => {
  it('asks for the price of the order’s own row, on a page of Stripe’s', async () => {
    const order = await createOrder(buyer)
    const facts = (await stripeProvider.beginPayment(order))!
    expect(facts).toEqual({
      state: 'open',
      sessionId: expect.stringMatching(/^cs_test_/),
      paymentUrl: `${stripe.url}/c/pay/${facts.sessionId}`,
      paid: null,
      refunds: [],
      disputes: [],
    })
    const { stripe: client } = openStripe({ ...keys, STRIPE_API_BASE: stripe.url })!
    expect(await client.checkout.sessions.retrieve(facts.sessionId!, { expand: ['line_items'] })).toMatchObject({
      mode: 'payment',
      amount_total: 1_000,
      currency: 'usd',
      payment_method_types: ['card'],
      client_reference_id: order.id,
      metadata: { order_id: order.id, site: 'http://localhost:3000' },
      success_url: `http://localhost:3000/credits/orders/${order.id}`,
      cancel_url: `http://localhost:3000/credits/orders/${order.id}?back=1`,
      locale: 'auto',
      line_items: { data: [{ description: '10 credits', quantity: 1, amount_total: 1_000 }] },
    })
  })

  it('makes the same again, also when the first answer was lost or many ask at once', async () => {
    const order = await createOrder(buyer, { method: 'wechat_pay', currency: 'CNY', priceMinor: 7_000n })
    stripe.failNext({ with: 'afterEffect', match: (method) => method === 'POST' })
    const answers = await Promise.all([1, 2, 3].map(() => stripeProvider.beginPayment(order)))
    const again = await stripeProvider.beginPayment(order)
    expect(new Set([...answers, again].map((facts) => facts!.sessionId)).size).toBe(1)
  })

  it.each([500, 429, 409, 'reset', 'hang'] as const)('says that Stripe is away when it is: %s', async (fault) => {
    const order = await createOrder(buyer)
    stripe.failNext({ with: fault, times: 10 })
    await expect(stripeProvider.beginPayment(order)).rejects.toMatchObject({ code: 'payment_unreachable' })
  })

  it('says that a way to pay is not to be had', async () => {
    const order = await createOrder(buyer, { method: 'wechat_pay', currency: 'PLN', priceMinor: 5_000n })
    await expect(stripeProvider.beginPayment(order)).rejects.toMatchObject({ code: 'payment_method_unavailable' })
    const cheap = await createOrder(buyer, { priceMinor: 1n })
    await expect(stripeProvider.beginPayment(cheap)).rejects.toMatchObject({ code: 'payment_method_unavailable' })
  })
})

describe('fetchPayment', () => {
  it('says what was paid, in one call', async () => {
    const { order, paymentIntentId } = await pay()
    expect(await stripeProvider.fetchPayment(order)).toEqual({
      state: 'paid',
      sessionId: order.sessionId,
      paymentIntentId,
      paid: { amountMinor: 1_000n, currency: 'USD' },
      refunds: [],
      disputes: [],
    })
    expect(asked()).toEqual(['GET /v1/checkout/sessions/…'])
  })

  it('says what was received, not what was asked for', async () => {
    const order = await begin()
    stripe.pay(order.sessionId, { method: 'card', amountMinor: 600, currency: 'eur' })
    expect(await stripeProvider.fetchPayment(order)).toMatchObject({
      state: 'paid',
      paid: { amountMinor: 600n, currency: 'EUR' },
    })
  })

  it('knows money only once it has come', async () => {
    const order = await begin({ method: 'wechat_pay', currency: 'CNY', priceMinor: 7_000n })
    const state = async () => (await stripeProvider.fetchPayment(order))!.state
    expect(await state()).toBe('open')
    stripe.decline(order.sessionId, 'wechat_pay')
    expect(await state()).toBe('open')
    stripe.pay(order.sessionId, { method: 'wechat_pay', async: true })
    expect(await stripeProvider.fetchPayment(order)).toMatchObject({ state: 'pending', paid: null })
    stripe.settle(order.sessionId, 'failed')
    expect(await stripeProvider.fetchPayment(order)).toMatchObject({ state: 'failed', paid: null })
  })

  it('is no payment when nothing had to be paid', async () => {
    const order = await begin()
    stripe.pay(order.sessionId, { method: 'card', amountMinor: 0 })
    expect(await stripeProvider.fetchPayment(order)).toMatchObject({ state: 'failed', paid: null })
  })

  it('tells an expired session, and one that Stripe does not know', async () => {
    const order = await begin()
    stripe.expire(order.sessionId)
    expect(await stripeProvider.fetchPayment(order)).toMatchObject({ state: 'expired', paid: null })
    expect(await stripeProvider.fetchPayment({ ...order, sessionId: 'cs_test_other' })).toBeNull()
    expect(await stripeProvider.fetchPayment({ ...order, sessionId: null })).toBeNull()
  })

  it('gives no order what belongs to another one', async () => {
    const { order } = await pay()
    const other = await createOrder(buyer)
    expect(await stripeProvider.fetchPayment({ ...other, sessionId: order.sessionId })).toBeNull()
  })

  it('looks at all that was taken back of a paid order, however many pages that is', async () => {
    const { order, paymentIntentId } = await pay({ priceMinor: 20_000n })
    for (let i = 0; i < 103; i++) stripe.refund(paymentIntentId, { amountMinor: 10, pending: i === 102 })
    const { refunds } = (await stripeProvider.fetchPayment(order))!
    expect(new Set(refunds.map(({ id }) => id)).size).toBe(103)
    expect(refunds.filter(({ state }) => state === 'pending')).toHaveLength(1)
    // One that came back leaves nothing refunded on the charge, and is news all the same.
    const { order: wallet, paymentIntentId: theirs } = await pay({
      method: 'alipay',
      currency: 'CNY',
      priceMinor: 7_000n,
    })
    const refund = stripe.refund(theirs)
    stripe.endRefund(refund.id, 'failed')
    const facts = await stripeProvider.fetchPayment({ ...wallet, paidMinor: 7_000n })
    expect(facts!.refunds).toEqual([{ id: refund.id, amountMinor: 7_000n, state: 'failed' }])
    expect(asked().slice(-3)).toEqual(['GET /v1/checkout/sessions/…', 'GET /v1/refunds', 'GET /v1/disputes'])
  })

  it('knows a refund that waits for the person as one on its way', async () => {
    const { order, paymentIntentId } = await pay()
    const refund = stripe.refund(paymentIntentId, { amountMinor: 300, requiresAction: true })
    expect((await stripeProvider.fetchPayment(order))!.refunds).toEqual([
      { id: refund.id, amountMinor: 300n, state: 'pending' },
    ])
    stripe.endRefund(refund.id, 'canceled')
    expect((await fetchPaymentFacts({ paymentIntentId, look: { refunds: true } }))!.facts.refunds).toMatchObject([
      { state: 'canceled' },
    ])
  })

  it('counts a dispute in the payment’s own currency, whatever the balance is in', async () => {
    const { order, paymentIntentId } = await pay()
    const read = async () => (await stripeProvider.fetchPayment(order))!.disputes
    const { id } = stripe.dispute(paymentIntentId, { amountMinor: 900, inquiry: true })
    const moved = { withdrawnMinor: 0n, reinstatedMinor: 0n }
    expect(await read()).toEqual([{ id, amountMinor: 900n, state: 'inquiry', ...moved }])
    stripe.withdrawFunds(id)
    expect(await read()).toEqual([{ id, amountMinor: 900n, state: 'open', ...moved, withdrawnMinor: 900n }])
    stripe.closeDispute(id, 'won', { reinstate: false })
    expect(await read()).toMatchObject([{ state: 'won', withdrawnMinor: 900n, reinstatedMinor: 0n }])
    stripe.reinstateFunds(id, 850)
    expect(await read()).toMatchObject([{ state: 'won', withdrawnMinor: 900n, reinstatedMinor: 850n }])
  })

  it('counts of a lost dispute what came back of it', async () => {
    const { order, paymentIntentId } = await pay()
    const { id } = stripe.dispute(paymentIntentId)
    stripe.reinstateFunds(id, 400)
    stripe.closeDispute(id, 'lost')
    const [dispute] = (await stripeProvider.fetchPayment(order))!.disputes
    expect(dispute).toMatchObject({ state: 'lost', withdrawnMinor: 1_000n, reinstatedMinor: 400n })
  })

  it('knows the whole of a payment by its own name too', async () => {
    const { order, paymentIntentId } = await pay()
    stripe.refund(paymentIntentId, { amountMinor: 100 })
    stripe.dispute(paymentIntentId, { amountMinor: 200 })
    expect(await fetchPaymentFacts({ paymentIntentId, look: LOOK_AT_ALL })).toMatchObject({
      orderId: order.id,
      site: 'http://localhost:3000',
      facts: {
        state: 'paid',
        paymentIntentId,
        paid: { amountMinor: 1_000n, currency: 'USD' },
        refunds: [{ amountMinor: 100n, state: 'succeeded' }],
        disputes: [{ amountMinor: 200n, withdrawnMinor: 200n }],
      },
    })
    expect(await fetchPaymentFacts({ paymentIntentId: 'pi_of_somebody' })).toBeNull()
    expect(await fetchPaymentFacts({})).toBeNull()
  })
})

describe('cancelPayment', () => {
  it('closes what could still be paid, again and again', async () => {
    const order = await begin()
    for (let i = 0; i < 2; i++) {
      expect(await stripeProvider.cancelPayment(order)).toMatchObject({ state: 'canceled', sessionId: order.sessionId })
    }
    expect(await stripeProvider.fetchPayment(order)).toMatchObject({ state: 'expired' })
    expect(await stripeProvider.cancelPayment({ ...order, sessionId: null })).toMatchObject({ state: 'canceled' })
  })

  it('closes nothing that was paid or is being paid', async () => {
    const { order } = await pay()
    expect(await stripeProvider.cancelPayment(order)).toMatchObject({ state: 'paid', paid: { amountMinor: 1_000n } })
    const waiting = await begin({ method: 'alipay' })
    stripe.pay(waiting.sessionId, { method: 'alipay', async: true })
    expect(await stripeProvider.cancelPayment(waiting)).toMatchObject({ state: 'pending', paid: null })
  })
})

describe('refundPayment', () => {
  it('gives money back once for each key, also when the first answer was lost', async () => {
    const { order } = await pay()
    const input = { amountMinor: 400n, key: newId() }
    stripe.failNext({ with: 'afterEffect', match: (method) => method === 'POST' })
    const refund = await stripeProvider.refundPayment(order, input)
    expect(refund).toEqual({ id: expect.stringMatching(/^re_/), amountMinor: 400n, state: 'succeeded' })
    expect(await stripeProvider.refundPayment(order, input)).toEqual(refund)
    expect((await stripeProvider.fetchPayment(order))!.refunds).toHaveLength(1)
    const other = stripeProvider.refundPayment(order, { ...input, amountMinor: 500n })
    await expect(other).rejects.toMatchObject({ code: 'conflict' })
  })

  it('gives money back once for each key, also when Stripe has forgotten the key', async () => {
    const { order } = await pay()
    const input = { amountMinor: 400n, key: newId() }
    const refund = await stripeProvider.refundPayment(order, input)
    ahead = 2 * 86_400_000
    expect(await stripeProvider.refundPayment(order, input)).toEqual(refund)
    expect((await stripeProvider.fetchPayment(order))!.refunds).toHaveLength(1)
  })

  it('gives back no more than there is', async () => {
    const { order } = await pay()
    const refund = (amountMinor: bigint) => stripeProvider.refundPayment(order, { amountMinor, key: newId() })
    await expect(refund(1_001n)).rejects.toMatchObject({ code: 'refund_too_much' })
    await refund(1_000n)
    await expect(refund(1n)).rejects.toMatchObject({ code: 'refund_too_much' })
    const unpaid = await begin()
    await expect(stripeProvider.refundPayment(unpaid, { amountMinor: 1n, key: newId() })).rejects.toMatchObject({
      code: 'refund_too_much',
    })
  })

  it('says that Stripe is away', async () => {
    const { order } = await pay()
    stripe.failNext({ with: 500, times: 5 })
    const refund = stripeProvider.refundPayment(order, { amountMinor: 1n, key: newId() })
    await expect(refund).rejects.toMatchObject({ code: 'payment_unreachable' })
  })
})

describe('the way to Stripe', () => {
  it('leads through HTTPS_PROXY by a tunnel, to Stripe or to where the operator says', async () => {
    const proxy = await startConnectProxy({ resolve: () => null })
    for (const STRIPE_API_BASE of [undefined, 'https://stripe.invalid:8443']) {
      const { stripe: client } = openStripe(
        { ...keys, STRIPE_API_BASE, HTTPS_PROXY: proxy.url },
        { timeoutMs: 2_000, retriesMax: 0 },
      )!
      await expect(client.refunds.list()).rejects.toMatchObject({ type: 'StripeConnectionError' })
    }
    expect(proxy.tunnels).toEqual(['api.stripe.com:443', 'stripe.invalid:8443'])
    expect(proxy.forwarded).toEqual([])
    await proxy.close()
  })

  it('is none without a key, and knows which money a key moves', () => {
    expect(openStripe({ APP_URL: 'https://x.example' })).toBeNull()
    const modeOf = (STRIPE_SECRET_KEY: string) => openStripe({ ...keys, STRIPE_SECRET_KEY })!.livemode
    expect(['sk_live_1', 'rk_live_1', 'sk_test_1', 'rk_test_live_1'].map(modeOf)).toEqual([true, true, false, false])
  })

  it('that refuses the key tells nobody which one it was', async () => {
    const order = await createOrder(buyer)
    const wrong = openStripe({ ...keys, STRIPE_SECRET_KEY: 'sk_test_wrongwrongwrong', STRIPE_API_BASE: stripe.url })!
    await expect(wrong.stripe.refunds.list()).rejects.toMatchObject({ statusCode: 401 })
    stripe.failNext({ with: 401 })
    const failed = await stripeProvider.beginPayment(order).catch((error: Error) => error)
    expect(failed).toMatchObject({
      code: 'payment_unreachable',
      message: 'Stripe refuses the key (StripeAuthenticationError)',
    })
    expect((failed as Error).cause).toBeUndefined()
  })
})
