import { eq, sql } from 'drizzle-orm'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { auditEntries, orders, refunds } from '#db/schema/index.ts'
import { type Ctx, systemCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { setSetting } from '#lib/settings/index.ts'
import { inSnapshot } from '#lib/verification.ts'
import { foundIn } from '#tests/support/broken-books.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { type Buyer, createBuyer, createOrder, readBooks } from '#tests/support/orders.ts'
import type { StripeStandIn } from '#tests/support/stripe/stand-in.ts'
import { startProcessStripe } from '#tests/support/stripe-service.ts'
import {
  cancelOrder,
  getOrder,
  getOrderForAdmin,
  listOrders,
  listOrdersForAdmin,
  placeOrder,
  refreshOrder,
} from './orders.ts'
import { setPackage } from './packages.ts'
import { refundOrder } from './refunds.ts'
import { verifyOrders } from './verify.ts'

const CREDIT = 1_000_000n

let database: TestDatabase
let stripe: StripeStandIn
let system: Ctx & { db: TestDatabase['db'] }
let ada: Buyer
let bob: Buyer

beforeAll(async () => {
  stripe = await startProcessStripe()
  database = await createTestDatabase({ poolMax: 20 })
  system = systemCtx('test', database.db)
  await setPackage(system, {
    id: 'ten',
    priceMinor: 1_000n,
    currency: 'USD',
    creditsMicros: 10n * CREDIT,
    bonusMicros: CREDIT,
  })
  await setPackage(system, { id: 'gone', priceMinor: 5n, currency: 'USD', creditsMicros: CREDIT, active: false })
  await setSetting(system, { key: 'manual_payment', value: 'on' })
  bob = await createBuyer(database)
})
beforeEach(async () => {
  ada = await createBuyer(database)
})
afterEach(() => stripe.reset())
afterAll(async () => {
  expect(foundIn(await inSnapshot(system, verifyOrders))).toEqual({})
  await stripe.close()
  await database.close()
})

const wish = (fields: object = {}) => ({ packageId: 'ten', method: 'card' as const, requestId: newId(), ...fields })
const rowOf = async (orderId: string) => (await database.db.select().from(orders).where(eq(orders.id, orderId)))[0]!
const ordersOf = (buyer: Buyer) => database.db.select().from(orders).where(eq(orders.userId, buyer.userId))
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'done',
    (error: { code: string }) => error.code,
  )
/** An order that the person has paid, and that nobody has asked about since. */
const placeAndPay = async (buyer = ada) => {
  const { id } = await placeOrder(buyer, wish())
  stripe.pay((await rowOf(id)).sessionId!, { method: 'card' })
  return id
}
const longAgo = (orderId: string) =>
  database.db.update(orders).set({ askedAt: sql`now() - interval '1 minute'` }).where(eq(orders.id, orderId))

describe('placeOrder', () => {
  it('keeps the package’s terms, and leads to where they are paid', async () => {
    const order = await placeOrder(ada, wish())
    expect(order).toMatchObject({
      reference: expect.stringMatching(/^[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}$/),
      state: 'open',
      method: 'card',
      priceMinor: 1_000n,
      currency: 'USD',
      creditsMicros: 10n * CREDIT,
      bonusMicros: CREDIT,
      paidMinor: 0n,
      refunds: [],
      dispute: null,
    })
    const { sessionId } = await rowOf(order.id)
    expect(order.paymentUrl).toBe(`${stripe.url}/c/pay/${sessionId}`)
    await setPackage(system, { id: 'ten', priceMinor: 2_000n })
    stripe.pay(sessionId!, { method: 'card' })
    await refreshOrder(ada, { orderId: order.id })
    expect(await readBooks(system, await rowOf(order.id))).toMatchObject({ issued: 10n * CREDIT, bonus: CREDIT })
    await setPackage(system, { id: 'ten', priceMinor: 1_000n })
  })

  it('takes nothing of the price from who orders', async () => {
    const tampered = { ...wish(), priceMinor: 1n, currency: 'JPY', creditsMicros: 10n ** 15n, userId: bob.userId }
    const order = await placeOrder(ada, tampered)
    expect(order).toMatchObject({ priceMinor: 1_000n, currency: 'USD', creditsMicros: 10n * CREDIT })
    expect((await rowOf(order.id)).userId).toBe(ada.userId)
  })

  it('is one order and one session, however often the button is pressed', async () => {
    const pressed = wish()
    const placed = await Promise.all(Array.from({ length: 10 }, () => placeOrder(ada, pressed)))
    expect(new Set(placed.map(({ id }) => id)).size).toBe(1)
    expect(await ordersOf(ada)).toHaveLength(1)
    expect(new Set(placed.map(({ paymentUrl }) => paymentUrl)).size).toBe(1)
    expect(await codeOf(placeOrder(ada, { ...pressed, method: 'alipay' }))).toBe('conflict')
    // Another person's request of the same name is another one.
    expect((await placeOrder(bob, pressed)).id).not.toBe(placed[0]!.id)
  })

  it('goes on where it stopped when Stripe could not be reached', async () => {
    const pressed = wish()
    stripe.failNext({ with: 500, times: 5 })
    expect(await codeOf(placeOrder(ada, pressed))).toBe('payment_unreachable')
    stripe.failNext({ with: 'afterEffect', times: 5 })
    expect(await codeOf(placeOrder(ada, pressed))).toBe('payment_unreachable')
    expect(await ordersOf(ada)).toMatchObject([{ state: 'open', sessionId: null }])
    stripe.reset()
    expect(await placeOrder(ada, pressed)).toMatchObject({ state: 'open', paymentUrl: expect.any(String) })
    expect(await ordersOf(ada)).toHaveLength(1)
  })

  it('is refused before anything is written when there is nothing to buy or no way to pay', async () => {
    expect(await codeOf(placeOrder(ada, wish({ packageId: 'gone' })))).toBe('package_unavailable')
    expect(await codeOf(placeOrder(ada, wish({ packageId: 'none' })))).toBe('package_unavailable')
    await expect(placeOrder(ada, wish({ packageId: 'no\u0000ne' }))).rejects.toMatchObject({ name: 'ZodError' })
    await setSetting(system, { key: 'stripe_methods', value: ['card'] })
    expect(await codeOf(placeOrder(ada, wish({ method: 'alipay' })))).toBe('payments_off')
    await setSetting(system, { key: 'stripe_methods', value: ['card', 'alipay', 'wechat_pay'] })
    await setSetting(system, { key: 'manual_payment', value: 'off' })
    expect(await codeOf(placeOrder(ada, wish({ method: 'manual' })))).toBe('payments_off')
    await setSetting(system, { key: 'manual_payment', value: 'on' })
    expect(await codeOf(placeOrder({ db: database.db, actor: { type: 'anonymous' } }, wish()))).toBe('unauthenticated')
    await expect(placeOrder(ada, wish({ method: 'cash' }))).rejects.toThrow()
    expect(await ordersOf(ada)).toEqual([])
  })

  it('of many by one person is slowed down', async () => {
    for (let i = 0; i < 20; i++) await placeOrder(ada, wish({ method: 'manual' }))
    expect(await codeOf(placeOrder(ada, wish({ method: 'manual' })))).toBe('rate_limited')
    expect(await ordersOf(ada)).toHaveLength(20)
  })

  it('by hand asks nobody: the order’s own page says how', async () => {
    const order = await placeOrder(ada, wish({ method: 'manual' }))
    expect(order).toMatchObject({ state: 'open', method: 'manual', paymentUrl: null })
    expect(stripe.requests).toEqual([])
    expect(await refreshOrder(ada, { orderId: order.id })).toMatchObject({
      isUnreachable: false,
      order: { state: 'open' },
    })
  })
})

describe('refreshOrder', () => {
  it('finds what was paid and credits it once, however many pages are open', async () => {
    const orderId = await placeAndPay()
    const seen = await Promise.all(Array.from({ length: 10 }, () => refreshOrder(ada, { orderId })))
    await longAgo(orderId)
    expect((await refreshOrder(ada, { orderId })).order).toMatchObject({ state: 'paid', creditedMicros: 10n * CREDIT })
    expect(seen.every(({ isUnreachable }) => !isUnreachable)).toBe(true)
    expect(await readBooks(system, await rowOf(orderId))).toMatchObject({ issued: 10n * CREDIT, transfers: 2 })
  })

  it('asks at most every two seconds, and no more once it is settled', async () => {
    const { id: orderId } = await placeOrder(ada, wish())
    stripe.requests.length = 0
    for (let i = 0; i < 5; i++) await refreshOrder(ada, { orderId })
    expect(stripe.requests).toHaveLength(1)
    stripe.expire((await rowOf(orderId)).sessionId!)
    await longAgo(orderId)
    expect((await refreshOrder(ada, { orderId })).order.state).toBe('expired')
    stripe.requests.length = 0
    await longAgo(orderId)
    await refreshOrder(ada, { orderId })
    expect(stripe.requests).toEqual([])
  })

  it('says what is known when Stripe cannot be asked', async () => {
    const orderId = await placeAndPay()
    stripe.failNext({ with: 500, times: 5 })
    stripe.requests.length = 0
    expect(await refreshOrder(ada, { orderId })).toMatchObject({ isUnreachable: true, order: { state: 'open' } })
    // Who waits for the page does not wait for a second try.
    expect(stripe.requests).toHaveLength(1)
  })

  it('asks for one person only so often, however many orders they have', async () => {
    const placed = await Promise.all(Array.from({ length: 15 }, () => placeOrder(ada, wish())))
    stripe.requests.length = 0
    for (let i = 0; i < 3; i++) {
      await Promise.all(placed.map(({ id }) => longAgo(id)))
      const seen = await Promise.all(placed.map(({ id }) => refreshOrder(ada, { orderId: id })))
      expect(seen.every(({ isUnreachable, order }) => !isUnreachable && order.state === 'open')).toBe(true)
    }
    expect(stripe.requests).toHaveLength(40)
    const orderId = await placeAndPay(bob)
    expect((await refreshOrder(bob, { orderId })).order.state).toBe('paid')
  })

  it('sees money that is on its way, and then that it came', async () => {
    const { id: orderId } = await placeOrder(ada, wish({ method: 'alipay' }))
    const { sessionId } = await rowOf(orderId)
    stripe.pay(sessionId!, { method: 'alipay', async: true })
    expect((await refreshOrder(ada, { orderId })).order).toMatchObject({ state: 'pending', paymentUrl: null })
    stripe.settle(sessionId!, 'succeeded')
    await longAgo(orderId)
    expect((await refreshOrder(ada, { orderId })).order).toMatchObject({ state: 'paid', creditedMicros: 10n * CREDIT })
  })
})

describe('an order', () => {
  it('of somebody else is not there, and stays as it is', async () => {
    const orderId = await placeAndPay()
    const before = await rowOf(orderId)
    for (const verb of [getOrder, refreshOrder, cancelOrder]) {
      expect(await codeOf(verb(bob, { orderId }))).toBe('not_found')
      expect(await codeOf(verb(ada, { orderId: newId() }))).toBe('not_found')
    }
    expect(await rowOf(orderId)).toEqual(before)
    expect((await listOrders(bob)).items.map(({ id }) => id)).not.toContain(orderId)
  })

  it('is listed from the newest on, page by page, with what was given back', async () => {
    const ids: string[] = []
    for (let i = 0; i < 3; i++) ids.unshift((await createOrder(ada)).id)
    const first = await listOrders(ada, { limit: 2 })
    expect(first.items.map(({ id }) => id)).toEqual(ids.slice(0, 2))
    const second = await listOrders(ada, { limit: 2, before: first.nextBefore! })
    expect([second.items.map(({ id }) => id), second.nextBefore]).toEqual([ids.slice(2), null])
    expect(await listOrders(await createBuyer(database))).toEqual({ items: [], nextBefore: null })
  })

  it('is found by operators, by its reference as people write it, and listed by state', async () => {
    const { id, reference } = await placeOrder(ada, wish({ method: 'manual' }))
    await database.db.update(orders).set({ state: 'failed' }).where(eq(orders.id, id))
    expect(await getOrderForAdmin(system, { name: ` ${reference.toLowerCase()} ` })).toMatchObject({
      id,
      userId: ada.userId,
    })
    expect(await getOrderForAdmin(system, { name: id })).toMatchObject({ reference })
    expect((await listOrdersForAdmin(system, { state: 'failed', limit: 1 })).items).toMatchObject([{ id }])
    expect(await codeOf(getOrderForAdmin(system, { name: 'NONE' }))).toBe('not_found')
    expect(await codeOf(getOrderForAdmin(ada, { name: id }))).toBe('forbidden')
    expect(await codeOf(listOrdersForAdmin(ada))).toBe('forbidden')
  })
})

describe('cancelOrder', () => {
  it('closes what nobody has paid, at Stripe too, and again changes nothing', async () => {
    const pressed = wish()
    const { id: orderId } = await placeOrder(ada, pressed)
    for (let i = 0; i < 2; i++) {
      expect(await cancelOrder(ada, { orderId })).toMatchObject({ state: 'canceled', paymentUrl: null })
    }
    expect(() => stripe.pay('x', { method: 'card' })).toThrow()
    await expect(async () => stripe.pay((await rowOf(orderId)).sessionId!, { method: 'card' })).rejects.toThrow()
    expect(await codeOf(placeOrder(ada, pressed))).toBe('order_closed')
  })

  it('is refused once it was paid, and the credits are there', async () => {
    const orderId = await placeAndPay()
    expect(await codeOf(cancelOrder(ada, { orderId }))).toBe('order_closed')
    expect(await rowOf(orderId)).toMatchObject({ state: 'paid', creditedMicros: 10n * CREDIT })
    expect(await codeOf(cancelOrder(ada, { orderId }))).toBe('order_closed')
  })

  it('waits when Stripe cannot be reached: nobody knows whether it was paid', async () => {
    const { id: orderId } = await placeOrder(ada, wish())
    stripe.failNext({ with: 500, times: 5 })
    expect(await codeOf(cancelOrder(ada, { orderId }))).toBe('payment_unreachable')
    expect((await rowOf(orderId)).state).toBe('open')
  })

  it('closes an order by transfer, and one that has no session yet', async () => {
    const { id } = await placeOrder(ada, wish({ method: 'manual' }))
    const bare = await createOrder(ada)
    for (const orderId of [id, bare.id]) expect((await cancelOrder(ada, { orderId })).state).toBe('canceled')
  })
})

describe('refundOrder', () => {
  const paidOrder = async () => {
    const orderId = await placeAndPay()
    await refreshOrder(ada, { orderId })
    return orderId
  }
  const refund = (orderId: string, fields: object = {}) => ({
    orderId,
    reason: 'asked for it',
    requestId: newId(),
    ...fields,
  })
  const audits = (orderId: string) =>
    database.db.select().from(auditEntries).where(eq(auditEntries.subjectId, orderId)).orderBy(auditEntries.id)

  it('gives back what is asked for, once for each request, on record before Stripe is asked', async () => {
    const orderId = await paidOrder()
    const wanted = refund(orderId, { amountMinor: 400n })
    const done = await Promise.all([1, 2, 3].map(() => refundOrder(system, wanted)))
    expect(done.filter(({ changed }) => changed)).toHaveLength(1)
    expect(done[0]).toMatchObject({ amountMinor: 400n })
    expect(await readBooks(system, await rowOf(orderId))).toMatchObject({ issued: 6n * CREDIT })
    expect(await audits(orderId)).toMatchObject([
      { action: 'order.refund', reason: 'asked for it', after: { amount: '4.00', currency: 'USD' } },
    ])
    expect(await codeOf(refundOrder(system, { ...wanted, amountMinor: 401n }))).toBe('conflict')
    expect(await refundOrder(system, refund(orderId))).toMatchObject({ amountMinor: 600n })
    expect(await readBooks(system, await rowOf(orderId))).toMatchObject({ issued: 0n, wallet: 0n })
    expect((await getOrder(ada, { orderId })).refunds).toHaveLength(2)
    expect(await codeOf(refundOrder(system, refund(orderId)))).toBe('refund_too_much')
  })

  it('goes on after an answer of Stripe was lost', async () => {
    const orderId = await paidOrder()
    const wanted = refund(orderId, { amountMinor: 400n })
    // The first try and its repetition.
    stripe.failNext({ with: 'afterEffect', times: 2 })
    expect(await codeOf(refundOrder(system, wanted))).toBe('payment_unreachable')
    expect(await refundOrder(system, wanted)).toMatchObject({ amountMinor: 400n, changed: true })
    expect(await database.db.select().from(refunds).where(eq(refunds.orderId, orderId))).toHaveLength(1)
    expect(await audits(orderId)).toHaveLength(1)
  })

  it('is for operators, for paid orders, and for no more than was kept', async () => {
    const orderId = await paidOrder()
    const before = await rowOf(orderId)
    expect(await codeOf(refundOrder(ada, refund(orderId)))).toBe('forbidden')
    expect(await codeOf(refundOrder(system, refund(orderId, { amountMinor: 1_001n })))).toBe('refund_too_much')
    expect(await codeOf(refundOrder(system, refund(newId())))).toBe('not_found')
    const { id: unpaid } = await placeOrder(ada, wish())
    expect(await codeOf(refundOrder(system, refund(unpaid)))).toBe('order_closed')
    expect([await rowOf(orderId), await audits(orderId)]).toEqual([before, []])
  })

  it('gives back money in another currency, of which nothing was credited', async () => {
    const { id: orderId } = await placeOrder(ada, wish())
    stripe.pay((await rowOf(orderId)).sessionId!, { method: 'card', currency: 'eur', amountMinor: 900 })
    await refreshOrder(ada, { orderId })
    expect(await rowOf(orderId)).toMatchObject({ state: 'review', paidMinor: 900n, paidCurrency: 'EUR' })
    expect(await refundOrder(system, refund(orderId))).toMatchObject({ amountMinor: 900n, changed: true, posted: [] })
    expect(await getOrder(ada, { orderId })).toMatchObject({ state: 'review', refundedMinor: 900n, creditedMicros: 0n })
    expect(await audits(orderId)).toMatchObject([{ after: { amount: '9.00', currency: 'EUR' } }])
  })

  it('of a transfer by hand is its record, and two at once never exceed it', async () => {
    const order = await createOrder(ada, { provider: 'manual', method: null })
    await database.db.transaction(async (db) => {
      const { confirmOrder } = await import('./manual-orders.ts')
      await confirmOrder({ ...system, db }, { orderId: order.id })
    })
    const codes = await Promise.all(
      [1, 2, 3].map(() => codeOf(refundOrder(system, refund(order.id, { amountMinor: 400n })))),
    )
    expect(codes.sort()).toEqual(['done', 'done', 'refund_too_much'])
    expect(await readBooks(system, order)).toMatchObject({ issued: 2n * CREDIT })
  })
})
