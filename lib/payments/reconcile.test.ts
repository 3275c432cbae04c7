import { eq, sql } from 'drizzle-orm'
import type Stripe from 'stripe'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createDatabase, type Database } from '#db/client.ts'
import { orders, paymentEvents } from '#db/schema/index.ts'
import { type Ctx, systemCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { inSnapshot } from '#lib/verification.ts'
import { foundIn } from '#tests/support/broken-books.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { type Endpoint, startEndpoint } from '#tests/support/endpoint.ts'
import { type Buyer, createBuyer, createOrder, type OrderRow, readWallet } from '#tests/support/orders.ts'
import type { StripeStandIn } from '#tests/support/stripe/stand-in.ts'
import { startProcessStripe } from '#tests/support/stripe-service.ts'
import { NO_FACTS, type PaymentFacts } from './facts.ts'
import { fulfilOrder } from './fulfil.ts'
import { reconcilePayments } from './reconcile.ts'
import { stripeProvider } from './stripe.ts'
import { getStripe } from './stripe-client.ts'
import { receiveStripeEvent } from './stripe-events.ts'
import { verifyOrders } from './verify.ts'

let database: TestDatabase
let stripe: StripeStandIn
let endpoint: Endpoint
let buyer: Buyer
let system: Ctx & { db: Database }

beforeAll(async () => {
  stripe = await startProcessStripe({ settlement: { currency: 'hkd', rate: 7.8 } })
  endpoint = await startEndpoint(async (request) => {
    const body = new Uint8Array(await request.arrayBuffer())
    return Response.json(await receiveStripeEvent(system, { body, signature: request.headers.get('stripe-signature') }))
  })
  stripe.webhookUrl = endpoint.url
})
beforeEach(async () => {
  stripe.reset()
  database = await createTestDatabase()
  system = systemCtx('test', database.db)
  buyer = await createBuyer(database)
  return async () => {
    expect(foundIn(await inSnapshot(system, verifyOrders))).toEqual({})
    await database.close()
  }
})
afterAll(async () => {
  await endpoint.close()
  await stripe.close()
})

async function begin(fields: Partial<OrderRow> = {}): Promise<OrderRow & { sessionId: string }> {
  const order = await createOrder(buyer, fields)
  const facts = (await stripeProvider.beginPayment(order))!
  const fulfilled = await fulfilOrder(system, { orderId: order.id, facts })
  return fulfilled.order as OrderRow & { sessionId: string }
}

/** An order that is paid, and taken in unless its news are lost. */
async function pay(fields: Partial<OrderRow> = {}, { told = true } = {}) {
  const order = await begin(fields)
  const session = stripe.pay(order.sessionId, { method: order.method ?? 'card' })
  if (told) await stripe.deliverPending()
  return { ...order, payment: String(session.payment_intent) }
}

const read = async ({ id }: { id: string }) => (await database.db.select().from(orders).where(eq(orders.id, id)))[0]!
const reconcile = () => reconcilePayments(system)
/** As if the page that people come back to had asked lately. */
const askedLately = () => database.db.update(orders).set({ askedAt: sql`now()` })

const NOTHING = { missedEvents: [], healed: [], differences: [] }

describe('reconcilePayments', () => {
  it('heals a day with three missed events, a refund and a dispute, and reports exactly these', async () => {
    const quiet = await pay()
    const refunded = await pay({ method: 'alipay' })
    const disputed = await pay()
    const first = await pay({}, { told: false })
    const second = await pay({ method: 'wechat_pay', currency: 'CNY', priceMinor: 7_000n }, { told: false })
    const third = await begin()
    stripe.expire(third.sessionId)
    await askedLately()
    const refund = stripe.refund(refunded.payment, { amountMinor: 400 })
    const dispute = stripe.dispute(disputed.payment)

    const found = await reconcile()
    const names = ({ missedEvents }: typeof found) =>
      missedEvents.map(({ type, reference }) => `${type} ${reference}`).sort()
    expect(names(found)).toEqual(
      [
        `checkout.session.completed ${first.reference}`,
        `checkout.session.completed ${second.reference}`,
        `checkout.session.expired ${third.reference}`,
        `refund.created ${refunded.reference}`,
        `charge.refunded ${refunded.reference}`,
        `charge.dispute.created ${disputed.reference}`,
        `charge.dispute.funds_withdrawn ${disputed.reference}`,
      ].sort(),
    )
    expect(found.healed.map(({ reference, changes }) => [reference, changes])).toEqual([
      [
        first.reference,
        [
          { what: 'state', before: 'open', after: 'paid' },
          { what: 'credits', before: '0', after: '10' },
          { what: 'paid', before: null, after: '10.00 USD' },
        ],
      ],
      [
        second.reference,
        [
          { what: 'state', before: 'open', after: 'paid' },
          { what: 'credits', before: '0', after: '10' },
          { what: 'paid', before: null, after: '70.00 CNY' },
        ],
      ],
      [third.reference, [{ what: 'state', before: 'open', after: 'expired' }]],
      [
        refunded.reference,
        [
          { what: 'credits', before: '10', after: '6' },
          { what: `refund ${refund.id}`, before: null, after: '4.00 USD pending' },
        ],
      ],
      [
        disputed.reference,
        [
          { what: 'credits', before: '10', after: '0' },
          { what: `dispute ${dispute.id}`, before: null, after: 'open, 10.00 USD withdrawn' },
        ],
      ],
    ])
    expect(found.differences).toEqual([])
    // Four dollars payments and one of seventy yuan, in the balance's Hong Kong dollars.
    expect(found.totals).toEqual([
      {
        currency: 'HKD',
        grossMinor: 4n * 7_800n + 54_600n,
        refundedMinor: 3_120n,
        disputedMinor: 7_800n,
        feesMinor: expect.any(BigInt),
        netMinor: expect.any(BigInt),
      },
    ])
    const [total] = found.totals
    expect(total!.netMinor).toBe(total!.grossMinor - total!.refundedMinor - total!.disputedMinor - total!.feesMinor)
    expect((await read(quiet)).creditedMicros).toBe(10_000_000n)
    // Four orders' credits and bonus, of which four tenths and one whole went back.
    expect(await readWallet(system, buyer.walletId)).toMatchObject({ postedMicros: 39_600_000n, suspended: true })

    expect(await reconcile()).toEqual({ ...found, ...NOTHING, since: expect.any(Date), until: expect.any(Date) })
    expect(new Set(await stripe.deliverPending())).toEqual(new Set([200]))
    expect(await readWallet(system, buyer.walletId)).toMatchObject({ postedMicros: 39_600_000n })
    const sources = await database.db.select({ source: paymentEvents.source }).from(paymentEvents)
    expect(sources.filter(({ source }) => source === 'reconcile')).toHaveLength(7)
  })

  it('asks for what waits, however old, and closes what nobody can pay', async () => {
    const ancient = sql`now() - interval '60 days'`
    const paid = await pay(
      { method: 'wechat_pay', currency: 'CNY', createdAt: new Date(Date.now() - 60 * 86_400_000) },
      { told: false },
    )
    const forgotten = await createOrder(buyer, { createdAt: new Date(Date.now() - 25 * 3_600_000) })
    const fresh = await createOrder(buyer)
    const gone = await createOrder(buyer, {
      sessionId: 'cs_test_gone',
      createdAt: new Date(Date.now() - 25 * 3_600_000),
    })
    const lost = await createOrder(buyer, { sessionId: 'cs_test_lost', state: 'pending' })
    await database.db.update(orders).set({ askedAt: ancient }).where(eq(orders.id, paid.id))
    forgetEvents()
    const { healed, differences, missedEvents } = await reconcile()
    expect(missedEvents).toEqual([])
    expect(healed.map(({ orderId }) => orderId).sort()).toEqual([paid.id, forgotten.id, gone.id].sort())
    expect(await Promise.all([paid, forgotten, fresh, gone, lost].map((order) => read(order)))).toMatchObject([
      { state: 'paid', creditedMicros: expect.any(BigInt) },
      { state: 'expired' },
      { state: 'open' },
      { state: 'expired' },
      { state: 'pending' },
    ])
    expect(differences).toEqual([
      { orderId: lost.id, reference: lost.reference, what: 'payment', ours: 'pending', theirs: null },
    ])
  })

  it('asks for what waits once, also where it takes long to ask for all', async () => {
    await Promise.all([begin(), begin(), begin()])
    const owner = createDatabase(database.ownerUrl, 1)
    // As if minutes went by between two answers of Stripe's.
    await owner.execute(sql`
      CREATE FUNCTION long_ago() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN NEW.asked_at := now() - interval '1 hour'; RETURN NEW; END $$;
      CREATE TRIGGER long_ago BEFORE UPDATE OF asked_at ON orders FOR EACH ROW EXECUTE FUNCTION long_ago()`)
    await owner.$client.end()
    let asks = 0
    stripe.failNext({ with: 500, times: 10, match: (_method, path) => path.includes('/sessions/') && ++asks > 3 })
    expect(await reconcile()).toMatchObject(NOTHING)
    expect(asks).toBe(3)
  })

  it('finds by the balance what no event tells any more', async () => {
    const taken = await pay()
    await stripe.deliverPending()
    const refund = stripe.refund(taken.payment, { amountMinor: 250 })
    const closed = await begin()
    stripe.pay(closed.sessionId, { method: 'card' })
    await database.db.update(orders).set({ state: 'canceled', paymentUrl: null }).where(eq(orders.id, closed.id))
    forgetEvents()
    const { missedEvents, healed, differences } = await reconcile()
    expect({ missedEvents, differences }).toEqual({ missedEvents: [], differences: [] })
    expect(new Map(healed.map(({ orderId, changes }) => [orderId, changes]))).toEqual(
      new Map([
        [
          taken.id,
          [
            { what: 'credits', before: '10', after: '7.5' },
            { what: `refund ${refund.id}`, before: null, after: '2.50 USD succeeded' },
          ],
        ],
        [
          closed.id,
          [
            { what: 'state', before: 'canceled', after: 'paid' },
            { what: 'credits', before: '0', after: '10' },
            { what: 'paid', before: null, after: '10.00 USD' },
          ],
        ],
      ]),
    )
    expect(await reconcile()).toMatchObject(NOTHING)
  })

  it('names what only one side knows, by row', async () => {
    const order = await pay()
    const other = await pay()
    const elsewhere = await pay()
    const say = (orderId: string, facts: Partial<PaymentFacts>) =>
      fulfilOrder(system, { orderId, facts: { ...NO_FACTS, state: 'paid', ...facts } })
    await say(order.id, { paid: { amountMinor: 1_100n, currency: 'USD' } })
    await say(other.id, { refunds: [{ id: 're_forged', amountMinor: 100n, state: 'succeeded' }] })
    await database.db.update(orders).set({ paymentIntentId: 'pi_elsewhere' }).where(eq(orders.id, elsewhere.id))
    const { differences, healed } = await reconcile()
    expect(healed).toEqual([])
    const nameless = { orderId: elsewhere.id, reference: elsewhere.reference }
    expect(differences).toHaveLength(4)
    expect(differences).toEqual(
      expect.arrayContaining([
        { orderId: order.id, reference: order.reference, what: 'paid', ours: '11.00 USD', theirs: '10.00 USD' },
        {
          orderId: other.id,
          reference: other.reference,
          what: 'refund re_forged',
          ours: '1.00 USD succeeded',
          theirs: null,
        },
        { ...nameless, what: `payment ${elsewhere.payment}`, ours: null, theirs: '10.00 USD' },
        { ...nameless, what: 'paid', ours: '10.00 USD', theirs: null },
      ]),
    )
    expect((await reconcile()).differences).toEqual(differences)
  })

  it('names a second payment for an order, and one of an order that is not there any more; not those of others', async () => {
    const order = await pay()
    const site = 'http://localhost:3000'
    const sell = async (metadata: Record<string, string>) => {
      const session = await getStripe().stripe.checkout.sessions.create({
        mode: 'payment',
        line_items: [
          { quantity: 1, price_data: { currency: 'usd', unit_amount: 900, product_data: { name: 'Once more' } } },
        ],
        success_url: 'https://chat.example/',
        metadata,
        payment_intent_data: { metadata },
      })
      return String(stripe.pay(session.id, { method: 'card' }).payment_intent)
    }
    const twice = await sell({ order_id: order.id, site })
    const gone = newId()
    const lost = await sell({ order_id: gone, site })
    await sell({ order_id: newId(), site: 'https://another.example' })
    await sell({})
    const { differences, missedEvents, healed, totals } = await reconcile()
    expect({ missedEvents, healed }).toEqual({ missedEvents: [], healed: [] })
    expect(differences).toHaveLength(2)
    expect(differences).toEqual(
      expect.arrayContaining([
        { orderId: order.id, reference: order.reference, what: `payment ${twice}`, ours: null, theirs: '9.00 USD' },
        { orderId: gone, reference: null, what: `payment ${lost}`, ours: null, theirs: '9.00 USD' },
      ]),
    )
    expect(totals).toMatchObject([{ grossMinor: 7_800n + 2n * 7_020n }])
  })

  it('takes in a payment of which nothing but the order was written', async () => {
    const order = await createOrder(buyer)
    const facts = (await stripeProvider.beginPayment(order))!
    stripe.pay(facts.sessionId!, { method: 'card' })
    forgetEvents()
    expect(await reconcile()).toMatchObject({ missedEvents: [], healed: [{ orderId: order.id }], differences: [] })
    expect(await read(order)).toMatchObject({ state: 'paid', creditedMicros: 10_000_000n })
    expect(await reconcile()).toMatchObject(NOTHING)
  })

  it('reads all pages, and asks for each payment once', async () => {
    const paid: OrderRow[] = []
    for (let i = 0; i < 12; i++) paid.push(await pay({}, { told: false }))
    for (const { payment } of paid as (OrderRow & { payment: string })[]) {
      for (let i = 0; i < 10; i++) stripe.refund(payment, { amountMinor: 10 })
    }
    await askedLately()
    stripe.requests.length = 0
    const { missedEvents, healed, differences } = await reconcile()
    expect(missedEvents).toHaveLength(12 * 21)
    expect(new Set(missedEvents.map(({ id }) => id)).size).toBe(12 * 21)
    expect(healed).toHaveLength(12)
    expect(differences).toEqual([])
    const asked = stripe.requests.filter(({ path }) => /payment_intents|sessions/.test(path))
    expect(asked.length).toBeLessThanOrEqual(24)
    expect(await reconcile()).toMatchObject(NOTHING)
  })

  it('looks back to the last sign of life before a silence, else three days, and as far as it is told', async () => {
    const daysOf = ({ since, until }: { since: Date; until: Date }) =>
      Math.round(((until.getTime() - since.getTime()) / 86_400_000) * 100) / 100
    expect(daysOf(await reconcile())).toBe(3)
    const event = {
      type: 'checkout.session.completed',
      source: 'webhook',
      changed: true,
      happenedAt: new Date(),
    } as const
    const heard = (days: number) =>
      database.db
        .insert(paymentEvents)
        .values({ ...event, id: newId(), createdAt: new Date(Date.now() - days * 86_400_000) })
    await heard(40)
    expect(daysOf(await reconcile())).toBe(30)
    await heard(8)
    await heard(0)
    expect(daysOf(await reconcile())).toBe(8.04)
    await heard(1)
    expect(daysOf(await reconcile())).toBe(3)
    expect(daysOf(await reconcilePayments(system, { sinceDays: 12 }))).toBe(12)
    await expect(reconcilePayments(system, { sinceDays: 31 })).rejects.toThrow()
  })

  it('is for admins and the service, and changes nothing while Stripe is away', async () => {
    await expect(reconcilePayments({ ...buyer, db: database.db })).rejects.toMatchObject({ code: 'forbidden' })
    const order = await pay({}, { told: false })
    stripe.failNext({ with: 500, times: 2 })
    await expect(reconcile()).rejects.toMatchObject({ code: 'payment_unreachable' })
    expect(await read(order)).toMatchObject({ state: 'open' })
    expect((await reconcile()).healed).toHaveLength(1)
  })
})

/** Stripe keeps events for thirty days; what happened before is told by nobody. */
function forgetEvents(): void {
  ;(stripe.events as Stripe.Event[]).length = 0
}
