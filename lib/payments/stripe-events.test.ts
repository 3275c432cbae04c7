import { eq, sql } from 'drizzle-orm'
import type Stripe from 'stripe'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createDatabase, type Database } from '#db/client.ts'
import { orders, paymentEvents } from '#db/schema/index.ts'
import { type Ctx, systemCtx } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'
import { newId } from '#lib/id.ts'
import { inSnapshot } from '#lib/verification.ts'
import { foundIn } from '#tests/support/broken-books.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { type Endpoint, startEndpoint } from '#tests/support/endpoint.ts'
import { type Buyer, createBuyer, createOrder, type OrderRow, readBooks, readWallet } from '#tests/support/orders.ts'
import { signature } from '#tests/support/stripe/deliveries.ts'
import type { StripeStandIn } from '#tests/support/stripe/stand-in.ts'
import { startProcessStripe, WEBHOOK_TEST_SECRET } from '#tests/support/stripe-service.ts'
import { fulfilOrder } from './fulfil.ts'
import { refreshOrder } from './orders.ts'
import { stripeProvider } from './stripe.ts'
import { getStripe } from './stripe-client.ts'
import { receiveStripeEvent } from './stripe-events.ts'
import { verifyOrders } from './verify.ts'

let database: TestDatabase
let stripe: StripeStandIn
let endpoint: Endpoint
let buyer: Buyer
let system: Ctx & { db: Database }
/** What the endpoint works with; a test may take it away. */
let db: Database

beforeAll(async () => {
  stripe = await startProcessStripe()
  database = await createTestDatabase({ poolMax: 30 })
  system = systemCtx('test', database.db)
  endpoint = await startEndpoint(async (request) => {
    const ctx: Ctx = { db, actor: { type: 'anonymous' } }
    const body = new Uint8Array(await request.arrayBuffer())
    const received = receiveStripeEvent(ctx, { body, signature: request.headers.get('stripe-signature') })
    return received.then(
      (outcome) => Response.json(outcome),
      (error) => new Response(null, { status: error instanceof AppError ? error.status : 500 }),
    )
  })
  stripe.webhookUrl = endpoint.url
})
beforeEach(async () => {
  stripe.reset()
  db = database.db
  buyer = await createBuyer(database)
})
afterAll(async () => {
  expect(foundIn(await inSnapshot(system, verifyOrders))).toEqual({})
  await endpoint.close()
  await stripe.close()
  await database.close()
})

/** An order that can be paid. */
async function begin(fields: Partial<OrderRow> = {}): Promise<OrderRow & { sessionId: string }> {
  const order = await createOrder(buyer, fields)
  const facts = (await stripeProvider.beginPayment(order))!
  const fulfilled = await fulfilOrder(system, { orderId: order.id, facts })
  return fulfilled.order as OrderRow & { sessionId: string }
}

async function read({ id }: { id: string }) {
  const [order] = await database.db.select().from(orders).where(eq(orders.id, id))
  return { ...order!, events: await database.db.select().from(paymentEvents).where(eq(paymentEvents.orderId, id)) }
}

/** All rows that a refused or ignored event must leave as they were. */
async function everything() {
  const { rows } = await database.db.execute(sql`SELECT
    (SELECT json_agg(o ORDER BY id) FROM orders o) AS orders, (SELECT json_agg(w ORDER BY id) FROM wallets w) AS wallets,
    (SELECT count(*) FROM payment_events) AS events, (SELECT count(*) FROM transfers) AS transfers,
    (SELECT count(*) FROM refunds) AS refunds, (SELECT count(*) FROM disputes) AS disputes`)
  return rows
}

const eventOf = (type: string) => stripe.events.findLast((event) => event.type === type)!
const paymentOf = (session: Stripe.Checkout.Session) => String(session.payment_intent)
const receive = (event: unknown, { secret = WEBHOOK_TEST_SECRET, at = Math.floor(Date.now() / 1_000) } = {}) => {
  const body = JSON.stringify(event)
  return receiveStripeEvent(system, { body, signature: signature(body, secret, at) })
}

describe('a paid session', () => {
  it('is credited, by one call to Stripe, and the event is on record with it', async () => {
    const order = await begin()
    stripe.pay(order.sessionId, { method: 'card' })
    stripe.requests.length = 0
    const event = eventOf('checkout.session.completed')
    expect(await stripe.deliver(event)).toEqual([200])
    expect(stripe.requests).toHaveLength(1)
    expect(await read(order)).toMatchObject({
      state: 'paid',
      paidMinor: 1_000n,
      creditedMicros: 10_000_000n,
      bonusCreditedMicros: 1_000_000n,
      paymentUrl: null,
      events: [{ id: event.id, type: event.type, source: 'webhook', changed: true, happenedAt: expect.any(Date) }],
    })
    expect(await readWallet(system, buyer.walletId)).toMatchObject({ postedMicros: 11_000_000n })
    expect(await stripe.deliver(event, { times: 3 })).toEqual([200, 200, 200])
    expect(stripe.requests).toHaveLength(1)
    expect(await readBooks(system, order)).toMatchObject({ issued: 10_000_000n, bonus: 1_000_000n, transfers: 2 })
  })

  it('is credited once by fifty deliveries at once and the page that people come back to', async () => {
    const order = await begin()
    stripe.pay(order.sessionId, { method: 'card' })
    const event = eventOf('checkout.session.completed')
    const deliveries = Array.from({ length: 50 }, () => stripe.deliver(event))
    const pages = Array.from({ length: 10 }, () => refreshOrder(buyer, { orderId: order.id }))
    const [statuses, views] = await Promise.all([Promise.all(deliveries), Promise.all(pages)])
    expect(new Set(statuses.flat())).toEqual(new Set([200]))
    expect(views.every(({ isUnreachable }) => !isUnreachable)).toBe(true)
    expect(await readBooks(system, order)).toMatchObject({ issued: 10_000_000n, bonus: 1_000_000n, transfers: 2 })
    expect((await read(order)).events).toHaveLength(1)
    expect((await readWallet(system, buyer.walletId)).postedMicros).toBe(11_000_000n)
  })

  it('is credited when its money comes, in whatever order the news arrive', async () => {
    const order = await begin({ method: 'wechat_pay', currency: 'CNY', priceMinor: 7_000n })
    stripe.pay(order.sessionId, { method: 'wechat_pay', async: true })
    const completed = eventOf('checkout.session.completed')
    await stripe.deliver(completed)
    expect(await read(order)).toMatchObject({ state: 'pending', creditedMicros: 0n })
    stripe.settle(order.sessionId, 'succeeded')
    await stripe.deliver(eventOf('checkout.session.async_payment_succeeded'))
    expect(await read(order)).toMatchObject({ state: 'paid', creditedMicros: 10_000_000n })
    await stripe.deliver(completed)
    expect(await read(order)).toMatchObject({ state: 'paid', creditedMicros: 10_000_000n })
  })

  it('is worth what was paid: less with a coupon, nothing yet in another currency, nothing for nothing', async () => {
    const less = await begin()
    stripe.pay(less.sessionId, { method: 'card', amountMinor: 250 })
    const other = await begin()
    stripe.pay(other.sessionId, { method: 'card', currency: 'eur' })
    const free = await begin()
    stripe.pay(free.sessionId, { method: 'card', amountMinor: 0 })
    expect(new Set(await stripe.deliverPending())).toEqual(new Set([200]))
    expect(await read(less)).toMatchObject({ state: 'paid', paidMinor: 250n, creditedMicros: 2_500_000n })
    expect(await read(other)).toMatchObject({
      state: 'review',
      paidMinor: 1_000n,
      paidCurrency: 'EUR',
      creditedMicros: 0n,
    })
    expect(await read(free)).toMatchObject({ state: 'failed', paidMinor: 0n, creditedMicros: 0n })
    expect((await readWallet(system, buyer.walletId)).postedMicros).toBe(2_750_000n)
  })

  it('that fails or expires closes its order', async () => {
    const failed = await begin({ method: 'alipay' })
    stripe.pay(failed.sessionId, { method: 'alipay', async: true })
    stripe.settle(failed.sessionId, 'failed')
    const expired = await begin()
    stripe.expire(expired.sessionId)
    await stripe.deliverPending()
    expect([(await read(failed)).state, (await read(expired)).state]).toEqual(['failed', 'expired'])
  })
})

describe('money that goes back', () => {
  it('takes its credits along, once, and brings them again when it comes back', async () => {
    const order = await begin()
    const payment = paymentOf(stripe.pay(order.sessionId, { method: 'card' }))
    const part = stripe.refund(payment, { amountMinor: 300 })
    const pending = stripe.refund(payment, { amountMinor: 200, pending: true })
    await stripe.deliverPending()
    expect(await read(order)).toMatchObject({
      state: 'paid',
      creditedMicros: 5_000_000n,
      bonusCreditedMicros: 500_000n,
    })
    stripe.endRefund(pending.id, 'failed')
    await stripe.deliverPending()
    for (const event of stripe.events) await stripe.deliver(event)
    expect(await read(order)).toMatchObject({ creditedMicros: 7_000_000n, bonusCreditedMicros: 700_000n })
    stripe.endRefund(part.id, 'failed')
    await stripe.deliverPending()
    expect(await read(order)).toMatchObject({ creditedMicros: 10_000_000n, bonusCreditedMicros: 1_000_000n })
  })

  it('is withdrawn by a dispute, which shuts the wallet until it is won', async () => {
    const order = await begin()
    const payment = paymentOf(stripe.pay(order.sessionId, { method: 'card' }))
    const dispute = stripe.dispute(payment)
    await stripe.deliverPending()
    expect(await read(order)).toMatchObject({ creditedMicros: 0n })
    expect(await readWallet(system, buyer.walletId)).toMatchObject({ postedMicros: 0n, suspended: true })
    stripe.closeDispute(dispute.id, 'won')
    await stripe.deliverPending()
    expect(await read(order)).toMatchObject({ creditedMicros: 10_000_000n })
    expect(await readWallet(system, buyer.walletId)).toMatchObject({ postedMicros: 11_000_000n, suspended: false })
  })
})

describe('what is refused changes nothing', () => {
  it('unsigned, signed with another secret, signed for other words, signed too long ago', async () => {
    const order = await begin()
    stripe.pay(order.sessionId, { method: 'card' })
    const event = eventOf('checkout.session.completed')
    const now = Math.floor(Date.now() / 1_000)
    const before = await everything()
    const body = JSON.stringify({ ...event, created: event.created + 1 })
    expect(await stripe.deliver(event, { signWith: null })).toEqual([400])
    expect(await stripe.deliver(event, { signWith: 'whsec_of_somebody_else' })).toEqual([400])
    expect(await stripe.deliver(event, { body })).toEqual([400])
    expect(await stripe.deliver(event, { body: '' })).toEqual([400])
    expect(await stripe.deliver(event, { timestamp: now - 400 })).toEqual([400])
    expect(await everything()).toEqual(before)
    expect(await stripe.deliver(event, { timestamp: now - 200 })).toEqual([200])
  })

  it('of another kind of money than the key’s', async () => {
    const order = await begin()
    stripe.pay(order.sessionId, { method: 'card' })
    const before = await everything()
    const event = { ...eventOf('checkout.session.completed'), livemode: true }
    await expect(receive(event)).rejects.toMatchObject({ code: 'webhook_refused', status: 400 })
    expect(await everything()).toEqual(before)
    expect(await receive({ ...event, livemode: false, api_version: '2019-01-01' })).toMatchObject({ changed: true })
  })

  it('and nobody but who can sign makes the database work', async () => {
    const away: Ctx = { db: createDatabase('postgres://nobody@127.0.0.1:1/none', 1), actor: { type: 'anonymous' } }
    const body = JSON.stringify({ object: 'event', type: 'checkout.session.completed' })
    const refused = receiveStripeEvent(away, { body, signature: signature(body, 'whsec_guessed', 1) })
    await expect(refused).rejects.toMatchObject({ code: 'webhook_refused' })
  })
})

describe('what is not ours is accepted and changes nothing', () => {
  it('types that we do not know', async () => {
    const order = await begin()
    stripe.pay(order.sessionId, { method: 'card' })
    const before = await everything()
    stripe.requests.length = 0
    for (const type of ['payment_intent.created', 'charge.succeeded', 'charge.updated']) {
      expect(await stripe.deliver(eventOf(type))).toEqual([200])
    }
    expect(await receive({ ...eventOf('charge.updated'), type: 'something.new' })).toEqual({
      ignored: true,
      changed: false,
    })
    expect(await everything()).toEqual(before)
    expect(stripe.requests).toEqual([])
  })

  it('another service’s payments on the same account, whatever they say to be', async () => {
    const order = await begin()
    const { stripe: client } = getStripe()
    const item = { quantity: 1, price_data: { currency: 'usd', unit_amount: 500, product_data: { name: 'A mug' } } }
    const sell = async (fields: Partial<Stripe.Checkout.SessionCreateParams>) => {
      const session = await client.checkout.sessions.create({
        mode: 'payment',
        line_items: [item],
        success_url: 'https://shop.example/',
        ...fields,
      })
      const payment = paymentOf(stripe.pay(session.id, { method: 'card' }))
      stripe.refund(payment, { amountMinor: 100 })
      stripe.dispute(payment, { amountMinor: 100 })
    }
    // Whoever opens a payment link chooses its reference.
    await sell({ client_reference_id: order.id })
    await sell({ metadata: { order_id: newId() }, payment_intent_data: { metadata: { order_id: newId() } } })
    await sell({ metadata: { order_id: "'; DROP TABLE orders" } })
    const before = await everything()
    expect(new Set(await stripe.deliverPending())).toEqual(new Set([200]))
    expect(await everything()).toEqual(before)
  })

  it('what Stripe does not have', async () => {
    const order = await begin()
    stripe.pay(order.sessionId, { method: 'card' })
    const event = structuredClone(eventOf('checkout.session.completed'))
    Object.assign(event.data.object, { id: 'cs_test_of_another_account' })
    expect(await receive(event)).toEqual({ ignored: true, changed: false })
  })

  it('a second payment for an order that is paid: it is nobody’s until somebody looks', async () => {
    const order = await begin()
    stripe.pay(order.sessionId, { method: 'card' })
    await stripe.deliverPending()
    const { stripe: client } = getStripe()
    const metadata = { order_id: order.id }
    const again = await client.checkout.sessions.create({
      mode: 'payment',
      line_items: [
        { quantity: 1, price_data: { currency: 'usd', unit_amount: 1_000, product_data: { name: 'Twice' } } },
      ],
      success_url: 'https://chat.example/',
      metadata,
      payment_intent_data: { metadata },
    })
    stripe.pay(again.id, { method: 'card' })
    expect(await stripe.deliver(eventOf('checkout.session.completed'))).toEqual([200])
    expect(await read(order)).toMatchObject({ creditedMicros: 10_000_000n, events: [{}] })
  })
})

describe('what cannot be taken in now is to be sent again', () => {
  it('while Stripe cannot be asked', async () => {
    const order = await begin()
    stripe.pay(order.sessionId, { method: 'card' })
    const event = eventOf('checkout.session.completed')
    // What it is told to slow down for is not tried again at once.
    for (const [fault, times] of [
      [500, 2],
      ['reset', 2],
      [429, 1],
    ] as const) {
      stripe.failNext({ with: fault, times })
      expect(await stripe.deliver(event)).toEqual([502])
    }
    expect(await read(order)).toMatchObject({ state: 'open', events: [] })
    expect(await stripe.deliver(event)).toEqual([200])
    expect(await read(order)).toMatchObject({ state: 'paid', events: [{}] })
  })

  it('while the database is away, before and in the middle; then it is credited once', async () => {
    const order = await begin()
    stripe.pay(order.sessionId, { method: 'card' })
    const event = eventOf('checkout.session.completed')
    db = createDatabase('postgres://nobody@127.0.0.1:1/none', 1)
    expect(await stripe.deliver(event)).toEqual([500])
    db = database.db

    const owner = createDatabase(database.ownerUrl, 1)
    for (const table of ['payment_events', 'transfers', 'orders']) {
      const when = table === 'orders' ? 'UPDATE' : 'INSERT'
      await owner.execute(sql`CREATE FUNCTION break_here() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$`)
      await owner.execute(
        sql.raw(`CREATE TRIGGER break_here BEFORE ${when} ON ${table} FOR EACH ROW EXECUTE FUNCTION break_here()`),
      )
      await owner.execute(sql.raw('ALTER FUNCTION break_here() SECURITY DEFINER'))
      expect(await stripe.deliver(event), table).toEqual([500])
      await owner.execute(sql`DROP FUNCTION break_here() CASCADE`)
      expect(await read(order), table).toMatchObject({ state: 'open', creditedMicros: 0n, events: [] })
    }
    await owner.$client.end()
    expect(await stripe.deliver(event, { times: 2 })).toEqual([200, 200])
    expect(await read(order)).toMatchObject({ state: 'paid', creditedMicros: 10_000_000n, events: [{}] })
    expect(await readBooks(system, order)).toMatchObject({ issued: 10_000_000n, transfers: 2 })
  })
})
