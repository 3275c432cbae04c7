import { afterAll, beforeAll, expect, it } from 'vitest'
import { systemCtx } from '#lib/ctx.ts'
import { fulfilOrder } from '#lib/payments/fulfil.ts'
import { stripeProvider } from '#lib/payments/stripe.ts'
import { singleton } from '#lib/singleton.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { type Endpoint, startEndpoint } from '#tests/support/endpoint.ts'
import { createBuyer, createOrder } from '#tests/support/orders.ts'
import { signature } from '#tests/support/stripe/deliveries.ts'
import type { StripeStandIn } from '#tests/support/stripe/stand-in.ts'
import { startProcessStripe, WEBHOOK_TEST_SECRET } from '#tests/support/stripe-service.ts'
import { POST } from './route.ts'

let stripe: StripeStandIn
let database: TestDatabase
let endpoint: Endpoint

beforeAll(async () => {
  stripe = await startProcessStripe()
  database = await createTestDatabase()
  endpoint = await startEndpoint(POST)
  stripe.webhookUrl = endpoint.url
  singleton('database', () => database.db)
})
afterAll(async () => {
  await endpoint.close()
  await stripe.close()
  await database.close()
})

it('takes in what Stripe sends, byte by byte, and says what it made of it', async () => {
  const buyer = await createBuyer(database)
  const order = await createOrder(buyer)
  const facts = (await stripeProvider.beginPayment(order))!
  await fulfilOrder(systemCtx('test', database.db), { orderId: order.id, facts })
  stripe.pay(facts.sessionId!, { method: 'card' })
  const event = stripe.events.find(({ type }) => type === 'checkout.session.completed')!
  const send = async (body: string, headers: Record<string, string>) => {
    const response = await fetch(endpoint.url, { method: 'POST', body, headers })
    return { status: response.status, ...((await response.json()) as object) }
  }
  const now = Math.floor(Date.now() / 1_000)
  const words = JSON.stringify({ ...event, note: '积分 – é' }, null, 4)
  const signed = { 'stripe-signature': signature(words, WEBHOOK_TEST_SECRET, now) }
  expect(await send(words, {})).toEqual({
    status: 400,
    error: { code: 'webhook_refused', params: {}, requestId: expect.any(String) },
  })
  expect(await send(`${words} `, signed)).toMatchObject({ status: 400 })
  expect(await send(words, signed)).toEqual({ status: 200, ignored: false, changed: true })
  expect(await send(words, signed)).toEqual({ status: 200, ignored: false, changed: false })
})

it('reads no more than an event can have', async () => {
  const body = ' '.repeat(256 * 1024 + 1)
  const headers = { 'stripe-signature': signature(body, WEBHOOK_TEST_SECRET, Math.floor(Date.now() / 1_000)) }
  expect((await fetch(endpoint.url, { method: 'POST', body, headers })).status).toBe(413)
})
