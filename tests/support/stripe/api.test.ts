import type Stripe from 'stripe'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { sessionParameters, stripeClient } from './client.ts'
import { SECRET_KEY, startHarness } from './harness.ts'

let nowMs = Date.now()
const { standIn, stripe, openSession, paidIntent } = await startHarness({ now: () => nowMs })

afterEach(() => standIn.reset())
afterAll(() => standIn.close())

const nowS = () => Math.floor(nowMs / 1000)

/** As the wire has it, for what the SDK's types or the SDK itself would not send. */
async function post(path: string, body: string, headers: Record<string, string> = {}) {
  const response = await fetch(`${standIn.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${SECRET_KEY}`, 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body,
  })
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as { error: Record<string, string> },
  }
}

describe('what Stripe refuses', () => {
  const line = (fields: object): Partial<Stripe.Checkout.SessionCreateParams> => ({
    line_items: [
      { quantity: 1, price_data: { currency: 'usd', unit_amount: 1000, product_data: { name: 'x' }, ...fields } },
    ],
  })

  it.each([
    ['an unknown currency', line({ currency: 'zzz' }), { param: 'line_items[0][price_data][currency]' }],
    ['a negative amount', line({ unit_amount: -1 }), { param: 'line_items[0][price_data][unit_amount]' }],
    ['nothing to pay', line({ unit_amount: 0 }), { code: 'amount_too_small' }],
    ['too little', line({ unit_amount: 49 }), { code: 'amount_too_small' }],
    ['too much', line({ unit_amount: 100_000_000 }), { code: 'amount_too_large' }],
    ['half a cent', line({ unit_amount: 100.5 }), { code: 'parameter_invalid_integer' }],
    [
      'an item without a price',
      { line_items: [{ quantity: 1 }] },
      { code: 'parameter_missing', param: 'line_items[0][price_data]' },
    ],
    ['no items', { line_items: undefined }, { code: 'parameter_missing', param: 'line_items' }],
    ['no page to return to', { success_url: undefined }, { code: 'parameter_missing', param: 'success_url' }],
    ['a page that is none', { cancel_url: 'javascript:alert(1)' }, { code: 'url_invalid', param: 'cancel_url' }],
    [
      'WeChat Pay without its client',
      { payment_method_options: { wechat_pay: { app_id: 'wx1' } } },
      { code: 'parameter_missing', param: 'payment_method_options[wechat_pay][client]' },
    ],
    ['a method that the account has not', { allowed_payment_method_types: ['klarna'] }, {}],
    [
      'methods named the old way',
      { payment_method_types: ['card'] },
      { code: 'parameter_unknown', param: 'payment_method_types' },
    ],
    ['a parameter that is none', { order: '1' }, { code: 'parameter_unknown', param: 'order' }],
    [
      'one inside another',
      line({ price: 1 }),
      { code: 'parameter_unknown', param: 'line_items[0][price_data][price]' },
    ],
    ['an address without @', { customer_email: 'nobody' }, { code: 'email_invalid' }],
    ['too long a reference', { client_reference_id: 'x'.repeat(201) }, { param: 'client_reference_id' }],
    ['too long metadata', { metadata: { order: 'x'.repeat(501) } }, { param: 'metadata[order]' }],
  ])('%s', async (_, overrides, error) => {
    await expect(openSession(overrides as never)).rejects.toMatchObject({
      statusCode: 400,
      type: 'StripeInvalidRequestError',
      requestId: expect.stringMatching(/^req_/),
      ...error,
    })
    expect((await stripe.checkout.sessions.list()).data).toEqual([])
  })

  it('a session shorter than half an hour or longer than a day', async () => {
    for (const seconds of [1799, 24 * 3600 + 1]) {
      await expect(openSession({ expires_at: nowS() + seconds })).rejects.toMatchObject({ param: 'expires_at' })
    }
    expect((await openSession({ expires_at: nowS() + 1800 })).expires_at).toBe(nowS() + 1800)
  })

  it('an unknown or missing key', async () => {
    await expect(stripeClient(standIn, 'sk_test_other').checkout.sessions.list()).rejects.toMatchObject({
      type: 'StripeAuthenticationError',
      statusCode: 401,
    })
    expect((await fetch(`${standIn.url}/v1/events`)).status).toBe(401)
  })

  it('what is not there, in its own words', async () => {
    await expect(stripe.checkout.sessions.retrieve('cs_test_none')).rejects.toMatchObject({
      statusCode: 404,
      code: 'resource_missing',
      param: 'session',
      message: "No such checkout.session: 'cs_test_none'",
    })
    const { status, body } = await post('/v1/customers', '')
    expect(status).toBe(404)
    expect(body.error).toMatchObject({
      type: 'invalid_request_error',
      message: 'Unrecognized request URL (POST: /v1/customers).',
      request_log_url: expect.stringMatching(/^https:\/\/dashboard\.stripe\.com\/test\/logs\/req_/),
    })
  })

  it('to expire what is closed', async () => {
    const { id } = await openSession()
    await stripe.checkout.sessions.expire(id)
    await expect(stripe.checkout.sessions.expire(id)).rejects.toThrow('status in ["open"]')
  })
})

describe('an idempotency key', () => {
  const options = { idempotencyKey: 'order-1' }

  it('makes a repetition answer what was answered', async () => {
    const first = await stripe.checkout.sessions.create(sessionParameters(), options)
    standIn.pay(first.id, { method: 'card' })
    const again = await stripe.checkout.sessions.create(sessionParameters(), options)
    expect(again).toEqual(first)
    expect(again.lastResponse.headers['idempotent-replayed']).toBe('true')
    expect(first.lastResponse.headers['idempotent-replayed']).toBeUndefined()
    expect((await stripe.checkout.sessions.list()).data).toHaveLength(1)
  })

  it('repeats refusals too', async () => {
    const intent = await paidIntent()
    const asked = { payment_intent: intent.id, amount: 600 }
    await stripe.refunds.create(asked)
    await expect(stripe.refunds.create(asked, options)).rejects.toMatchObject({ param: 'amount' })
    await expect(stripe.refunds.create(asked, options)).rejects.toMatchObject({
      param: 'amount',
      headers: { 'idempotent-replayed': 'true' },
    })
  })

  it('belongs to one request', async () => {
    await stripe.checkout.sessions.create(sessionParameters(), options)
    const other = stripe.checkout.sessions.create(sessionParameters({ amountMinor: 2000 }), options)
    await expect(other).rejects.toMatchObject({ type: 'StripeIdempotencyError', statusCode: 400 })
    const elsewhere = stripe.refunds.create({ payment_intent: 'pi_x' }, options)
    await expect(elsewhere).rejects.toMatchObject({ type: 'StripeIdempotencyError' })
  })

  it('is forgotten after a day', async () => {
    const first = await stripe.checkout.sessions.create(sessionParameters(), options)
    nowMs += 24 * 3600_000
    expect((await stripe.checkout.sessions.create(sessionParameters(), options)).id).not.toBe(first.id)
  })

  it('is told in the events of the request, which others have not', async () => {
    const { id } = await openSession()
    const expired = await stripe.checkout.sessions.expire(id, {}, { idempotencyKey: 'expire-1' })
    await paidIntent()
    expect(standIn.events.map((event) => event.request)).toEqual([
      { id: expired.lastResponse.requestId, idempotency_key: 'expire-1' },
      ...Array(5).fill({ id: null, idempotency_key: null }),
    ])
  })
})

describe('a list', () => {
  it('is paged both ways, newest first', async () => {
    const ids: string[] = []
    for (let count = 0; count < 5; count++) ids.unshift((await openSession()).id)
    const first = await stripe.checkout.sessions.list({ limit: 2 })
    expect(first).toMatchObject({ has_more: true, url: '/v1/checkout/sessions' })
    expect(first.data.map(({ id }) => id)).toEqual(ids.slice(0, 2))
    const last = await stripe.checkout.sessions.list({ limit: 3, starting_after: ids[1] })
    expect(last.has_more).toBe(false)
    expect(last.data.map(({ id }) => id)).toEqual(ids.slice(2))
    const back = await stripe.checkout.sessions.list({ limit: 2, ending_before: ids[4] })
    expect(back.has_more).toBe(true)
    expect(back.data.map(({ id }) => id)).toEqual(ids.slice(2, 4))
    const all: string[] = []
    for await (const { id } of stripe.checkout.sessions.list({ limit: 2 })) all.push(id)
    expect(all).toEqual(ids)
    await expect(stripe.checkout.sessions.list({ limit: 101 })).rejects.toMatchObject({ param: 'limit' })
    await expect(stripe.checkout.sessions.list({ starting_after: 'cs_none' })).rejects.toMatchObject({
      statusCode: 404,
    })
  })

  it('is narrowed by time, kind and state', async () => {
    const early = await openSession()
    nowMs += 10_000
    const late = await openSession()
    standIn.pay(late.id, { method: 'card' })
    const ids = async (created: Stripe.RangeQueryParam | number) =>
      (await stripe.checkout.sessions.list({ created })).data.map(({ id }) => id)
    expect(await ids({ gte: late.created })).toEqual([late.id])
    expect(await ids({ gt: early.created })).toEqual([late.id])
    expect(await ids({ lt: late.created })).toEqual([early.id])
    expect(await ids({ lte: late.created })).toEqual([late.id, early.id])
    expect(await ids(early.created)).toEqual([early.id])
    expect((await stripe.checkout.sessions.list({ status: 'open' })).data.map(({ id }) => id)).toEqual([early.id])
    const types = async (asked: Stripe.EventListParams) =>
      (await stripe.events.list(asked)).data.map(({ type }) => type)
    expect(await types({ type: 'charge.*' })).toEqual(['charge.updated', 'charge.succeeded'])
    expect(await types({ types: ['charge.succeeded', 'checkout.session.completed'] })).toEqual([
      'checkout.session.completed',
      'charge.succeeded',
    ])
    expect((await stripe.balanceTransactions.list({ type: 'charge' })).data).toHaveLength(1)
    expect((await stripe.balanceTransactions.list({ type: 'refund' })).data).toEqual([])
  })

  it('expands what it lists, and nothing else', async () => {
    await paidIntent()
    const { data } = await stripe.balanceTransactions.list({ expand: ['data.source.payment_intent'] })
    expect(data).toMatchObject([{ source: { object: 'charge', payment_intent: { status: 'succeeded' } } }])
    await expect(stripe.balanceTransactions.list({ expand: ['data.amount'] })).rejects.toThrow('cannot be expanded')
    await expect(stripe.balanceTransactions.list({ expand: ['data.nothing'] })).rejects.toThrow('cannot be expanded')
  })

  it('has single events to fetch', async () => {
    await paidIntent()
    const [event] = standIn.events
    expect(await stripe.events.retrieve(String(event?.id))).toEqual(event)
  })
})

describe('a fault', () => {
  it.each([
    [500, 'StripeAPIError'],
    [503, 'StripeAPIError'],
    [429, 'StripeRateLimitError'],
  ])('answers %d without doing anything', async (status, type) => {
    standIn.failNext({ with: status })
    await expect(openSession()).rejects.toMatchObject({ type, statusCode: status })
    expect((await stripe.checkout.sessions.list()).data).toEqual([])
  })

  // Twice: the SDK itself asks again once when a connection was cut.
  it('cuts the connection before or after the work', async () => {
    standIn.failNext({ with: 'reset', times: 2 })
    await expect(openSession()).rejects.toMatchObject({ type: 'StripeConnectionError' })
    expect((await stripe.checkout.sessions.list()).data).toEqual([])
    standIn.failNext({ with: 'afterEffect', times: 2 })
    const key = { idempotencyKey: 'order-2' }
    await expect(stripe.checkout.sessions.create(sessionParameters(), key)).rejects.toMatchObject({
      type: 'StripeConnectionError',
    })
    const [made] = (await stripe.checkout.sessions.list()).data
    expect((await stripe.checkout.sessions.create(sessionParameters(), key)).id).toBe(made?.id)
  })

  it('never answers', async () => {
    standIn.failNext({ with: 'hang' })
    await expect(stripe.checkout.sessions.list({}, { timeout: 50 })).rejects.toMatchObject({
      type: 'StripeConnectionError',
    })
    expect((await stripe.checkout.sessions.list()).data).toEqual([])
  })

  it('strikes what it is meant for, as often as asked', async () => {
    standIn.failNext({
      with: 500,
      times: 2,
      match: (method, path) => method === 'POST' && path === '/v1/checkout/sessions',
    })
    await stripe.checkout.sessions.list()
    await expect(openSession()).rejects.toMatchObject({ statusCode: 500 })
    await expect(openSession()).rejects.toMatchObject({ statusCode: 500 })
    await openSession()
    const path = '/v1/checkout/sessions'
    expect(standIn.requests).toEqual([{ method: 'GET', path }, ...Array(3).fill({ method: 'POST', path })])
  })
})
