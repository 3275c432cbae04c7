import Stripe from 'stripe'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { startHarness } from './harness.ts'
import { API_VERSION } from './objects.ts'
import { shapeProblems } from './shapes.ts'

let nowMs = Date.now()
const { standIn, stripe, openSession, paidIntent, news, leftBehind } = await startHarness({ now: () => nowMs })

afterEach(async () => expect(await leftBehind()).toEqual([]))
afterAll(() => standIn.close())

describe('a session', () => {
  it('is open with a page, without a payment intent', async () => {
    const session = await openSession({ client_reference_id: 'order-1', metadata: { order: '1' }, locale: 'zh' })
    expect(session).toMatchObject({
      status: 'open',
      payment_status: 'unpaid',
      payment_intent: null,
      url: `${standIn.url}/c/pay/${session.id}`,
      amount_total: 1000,
      currency: 'usd',
      client_reference_id: 'order-1',
      metadata: { order: '1' },
      locale: 'zh',
      livemode: false,
      expires_at: session.created + 24 * 3600,
      payment_method_types: ['card', 'alipay', 'wechat_pay'],
    })
    expect(session.id).toMatch(/^cs_test_\w{50,}$/)
    expect(shapeProblems(session, 'Checkout.Session')).toEqual([])
    const lines = await stripe.checkout.sessions.listLineItems(session.id)
    expect(shapeProblems(lines, 'ApiList<LineItem>')).toEqual([])
    expect(lines.data).toMatchObject([{ amount_total: 1000, description: 'Credits', quantity: 1 }])
    expect(news()).toEqual([])
  })

  it('offers what the account, the currency and the request have in common', async () => {
    expect((await openSession({ currency: 'nok' })).payment_method_types).toEqual(['card', 'wechat_pay'])
    const narrowed = await openSession({ allowed_payment_method_types: ['alipay', 'klarna'] })
    expect(narrowed).toMatchObject({
      payment_method_types: ['alipay'],
      allowed_payment_method_types: ['alipay', 'klarna'],
    })
    const without = await openSession({ excluded_payment_method_types: ['wechat_pay'] })
    expect(without.payment_method_types).toEqual(['card', 'alipay'])
  })

  it('is expired by the shop, or by time', async () => {
    const [byShop, byTime] = [await openSession(), await openSession({ expires_at: Math.floor(nowMs / 1000) + 1800 })]
    expect(await stripe.checkout.sessions.expire(byShop.id)).toMatchObject({ status: 'expired', url: null })
    expect(news()).toEqual(['checkout.session.expired'])
    nowMs += 1800_000
    expect(await stripe.checkout.sessions.retrieve(byTime.id)).toMatchObject({
      status: 'expired',
      payment_status: 'unpaid',
    })
    expect(news()).toEqual(['checkout.session.expired'])
    expect(() => standIn.pay(byTime.id, { method: 'card' })).toThrow('not open')
  })
})

describe('a payment', () => {
  it('by card succeeds at once', async () => {
    const session = await openSession({ payment_intent_data: { metadata: { order: '1' }, description: 'Order 1' } })
    standIn.pay(session.id, { method: 'card' })
    expect(news()).toEqual([
      'payment_intent.created',
      'charge.succeeded',
      'payment_intent.succeeded',
      'checkout.session.completed',
      'charge.updated',
    ])
    const path = 'payment_intent.latest_charge.balance_transaction'
    const paid = await stripe.checkout.sessions.retrieve(session.id, { expand: [path, 'line_items'] })
    expect(shapeProblems(paid, 'Checkout.Session')).toEqual([])
    expect(paid).toMatchObject({
      status: 'complete',
      payment_status: 'paid',
      url: null,
      payment_intent: {
        status: 'succeeded',
        amount_received: 1000,
        metadata: { order: '1' },
        latest_charge: {
          status: 'succeeded',
          paid: true,
          amount_refunded: 0,
          disputed: false,
          payment_method_details: { type: 'card' },
          balance_transaction: {
            amount: 1000,
            fee: 59,
            net: 941,
            currency: 'usd',
            type: 'charge',
            exchange_rate: null,
          },
        },
      },
    })
    expect(standIn.events[1]?.data.object).toMatchObject({ balance_transaction: null })
    expect(standIn.events.at(-1)?.data).toMatchObject({
      object: { balance_transaction: expect.stringMatching(/^txn_/) },
      previous_attributes: { balance_transaction: null },
    })
    expect(
      await stripe.checkout.sessions.list({ payment_intent: (paid.payment_intent as Stripe.PaymentIntent).id }),
    ).toMatchObject({
      data: [{ id: session.id }],
    })
  })

  it('that is declined leaves the session open for the next attempt', async () => {
    const session = await openSession()
    const intent = standIn.decline(session.id)
    expect(news()).toEqual(['payment_intent.created', 'charge.failed', 'payment_intent.payment_failed'])
    expect(await stripe.paymentIntents.retrieve(intent.id)).toMatchObject({
      status: 'requires_payment_method',
      last_payment_error: { code: 'card_declined', decline_code: 'generic_decline', type: 'card_error' },
    })
    expect(await stripe.checkout.sessions.retrieve(session.id)).toMatchObject({
      status: 'open',
      payment_intent: intent.id,
    })
    standIn.pay(session.id, { method: 'alipay' })
    expect(news()).toEqual([
      'charge.succeeded',
      'payment_intent.succeeded',
      'checkout.session.completed',
      'charge.updated',
    ])
    expect(await stripe.paymentIntents.retrieve(intent.id)).toMatchObject({
      status: 'succeeded',
      last_payment_error: null,
    })
    expect((await stripe.charges.list({ payment_intent: intent.id })).data.map((charge) => charge.status)).toEqual([
      'succeeded',
      'failed',
    ])
  })

  it('that was declined is cancelled with its session', async () => {
    const session = await openSession()
    const intent = standIn.decline(session.id)
    news()
    standIn.expire(session.id)
    expect(news()).toEqual(['payment_intent.canceled', 'checkout.session.expired'])
    expect(await stripe.paymentIntents.retrieve(intent.id)).toMatchObject({
      status: 'canceled',
      cancellation_reason: 'expired',
    })
  })

  it.each(['succeeded', 'failed'] as const)('that comes later is received first and then %s', async (outcome) => {
    const session = await openSession()
    const { payment_intent } = standIn.pay(session.id, { method: 'wechat_pay', async: true })
    expect(news()).toEqual([
      'payment_intent.created',
      'payment_intent.processing',
      'charge.pending',
      'checkout.session.completed',
    ])
    expect(await stripe.checkout.sessions.retrieve(session.id)).toMatchObject({
      status: 'complete',
      payment_status: 'unpaid',
    })
    expect(await stripe.paymentIntents.retrieve(String(payment_intent))).toMatchObject({
      status: 'processing',
      amount_received: 0,
    })
    standIn.settle(session.id, outcome)
    const succeeded = outcome === 'succeeded'
    expect(news()).toEqual(
      succeeded
        ? ['charge.succeeded', 'payment_intent.succeeded', 'checkout.session.async_payment_succeeded', 'charge.updated']
        : ['charge.failed', 'payment_intent.payment_failed', 'checkout.session.async_payment_failed'],
    )
    expect(await stripe.checkout.sessions.retrieve(session.id)).toMatchObject({
      status: 'complete',
      payment_status: succeeded ? 'paid' : 'unpaid',
    })
    expect(await stripe.paymentIntents.retrieve(String(payment_intent))).toMatchObject({
      status: succeeded ? 'succeeded' : 'requires_payment_method',
    })
    expect(() => standIn.settle(session.id, outcome)).toThrow('on its way')
  })

  it('may be of another amount or currency than asked for', async () => {
    const intent = await paidIntent({ method: 'card', amountMinor: 700, currency: 'hkd' })
    expect(intent).toMatchObject({ amount: 700, amount_received: 700, currency: 'hkd' })
    const [session] = (await stripe.checkout.sessions.list({ payment_intent: intent.id })).data
    expect(session).toMatchObject({
      amount_subtotal: 1000,
      amount_total: 700,
      currency: 'hkd',
      total_details: { amount_discount: 300 },
    })
  })

  it('of nothing needs no payment intent', async () => {
    const session = await openSession()
    standIn.pay(session.id, { method: 'card', amountMinor: 0 })
    expect(news()).toEqual(['checkout.session.completed'])
    expect(await stripe.checkout.sessions.retrieve(session.id)).toMatchObject({
      status: 'complete',
      payment_status: 'no_payment_required',
      payment_intent: null,
      amount_total: 0,
    })
  })
})

describe('the account', () => {
  it('says who it is, in the version the SDK speaks', async () => {
    const account = await stripe.accounts.retrieveCurrent()
    expect(shapeProblems(account, 'Account')).toEqual([])
    expect(account.lastResponse.apiVersion).toBe(API_VERSION)
    expect(API_VERSION).toBe(Stripe.API_VERSION)
  })

  it('has its balance in its own currency', async () => {
    const abroad = await startHarness({ livemode: true, settlement: { currency: 'hkd', rate: 7.8 } })
    const session = await abroad.openSession()
    expect(session).toMatchObject({ livemode: true, id: expect.stringMatching(/^cs_live_/) })
    const { payment_intent } = abroad.standIn.pay(session.id, { method: 'card' })
    abroad.standIn.refund(String(payment_intent), { amountMinor: 250 })
    const { data } = await abroad.stripe.balanceTransactions.list()
    expect(data).toMatchObject([
      { type: 'refund', amount: -1950, currency: 'hkd', exchange_rate: 7.8, fee: 0 },
      { type: 'charge', amount: 7800, currency: 'hkd', exchange_rate: 7.8, fee: 256, net: 7544 },
    ])
    expect((await abroad.stripe.accounts.retrieveCurrent()).default_currency).toBe('hkd')
    await abroad.standIn.close()
  })
})
