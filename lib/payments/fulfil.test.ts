import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { disputes, lots, orders, paymentEvents } from '#db/schema/index.ts'
import { type Ctx, inTransaction, systemCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { inSnapshot } from '#lib/verification.ts'
import { foundIn } from '#tests/support/broken-books.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import {
  type Buyer,
  createBuyer,
  createOrder,
  holdCredits,
  type OrderRow,
  readBooks,
  readWallet,
} from '#tests/support/orders.ts'
import { forgiveDispute } from './disputes.ts'
import { type DisputeFact, NO_FACTS, type PaymentFacts, type RefundFact } from './facts.ts'
import { collectShortfalls, fulfilOrder } from './fulfil.ts'
import type { DisputeState, RefundState } from './shared.ts'
import { verifyOrders } from './verify.ts'

const CREDIT = 1_000_000n

let database: TestDatabase
let system: Ctx & { db: TestDatabase['db'] }
let buyer: Buyer
let order: OrderRow

beforeAll(async () => {
  database = await createTestDatabase({ poolMax: 20 })
  system = systemCtx('test', database.db)
})
beforeEach(async () => {
  buyer = await createBuyer(database)
  order = await createOrder(buyer)
})
afterAll(async () => {
  expect(foundIn(await inSnapshot(system, verifyOrders))).toEqual({})
  await database.close()
})

const paid = (more: Partial<PaymentFacts> = {}, amountMinor = 1_000n, currency = 'USD'): PaymentFacts => ({
  ...NO_FACTS,
  state: 'paid',
  paymentIntentId: `pi_${order.id}`,
  paid: { amountMinor, currency },
  ...more,
})
const refund = (amountMinor: bigint, state: RefundState = 'succeeded', id = 're_1'): RefundFact => ({
  id: `${id}_${order.id}`,
  amountMinor,
  state,
})
const dispute = (state: DisputeState, withdrawnMinor = 0n, reinstatedMinor = 0n): DisputeFact => ({
  id: `dp_${order.id}`,
  amountMinor: 1_000n,
  state,
  withdrawnMinor,
  reinstatedMinor,
})
const say = (facts: PaymentFacts, id?: string) =>
  fulfilOrder(system, {
    orderId: order.id,
    facts,
    event: id ? { id, type: 'test', source: 'webhook', happenedAt: new Date() } : undefined,
  })
const books = () => readBooks(system, order)
const wallet = () => readWallet(system, buyer.walletId)
const row = async () => (await database.db.select().from(orders).where(eq(orders.id, order.id)))[0]!
const spend = async (micros: bigint) => (await holdCredits(system, buyer, micros))(micros)
const eventsOf = async () =>
  (await database.db.select().from(paymentEvents).where(eq(paymentEvents.orderId, order.id))).map(({ id, changed }) => [
    id,
    changed,
  ])

describe('money that came', () => {
  it('is credited with its bonus, in lots of their own, and the order says so', async () => {
    const { changed, posted } = await say(paid())
    expect(changed).toBe(true)
    expect(posted).toMatchObject([
      { kind: 'top_up', amountMicros: 10n * CREDIT, direction: 'in' },
      { kind: 'promotion', amountMicros: CREDIT, direction: 'in' },
    ])
    expect(await books()).toEqual({ issued: 10n * CREDIT, bonus: CREDIT, lost: 0n, wallet: 11n * CREDIT, transfers: 2 })
    const sources = await database.db.select().from(lots).where(eq(lots.walletId, buyer.walletId))
    expect(sources.map(({ source }) => source).sort()).toEqual(['paid', 'promotional'])
    expect(await row()).toMatchObject({
      state: 'paid',
      paidMinor: 1_000n,
      paidCurrency: 'USD',
      paidAt: expect.any(Date),
    })
  })

  it('is credited once, however often and by whom it is said, at the same time too', async () => {
    const said = await Promise.all(
      Array.from({ length: 50 }, (_, i) => say(paid(), i % 2 ? `evt_same_${order.id}` : undefined)),
    )
    expect(said.filter(({ changed }) => changed)).toHaveLength(1)
    expect(await books()).toMatchObject({ issued: 10n * CREDIT, transfers: 2 })
    expect(await eventsOf()).toHaveLength(1)
  })

  it('counts as what came, not as what was asked', async () => {
    await say(paid({}, 400n))
    expect(await books()).toMatchObject({ issued: 4n * CREDIT, bonus: (CREDIT * 4n) / 10n })
  })

  it('counts for more, when more came', async () => {
    await say(paid({}, 1_500n))
    expect(await books()).toMatchObject({ issued: 15n * CREDIT, bonus: (CREDIT * 15n) / 10n })
  })

  it('in another currency credits nothing and waits for the operator, whatever else is said', async () => {
    await say(paid({}, 1_000n, 'JPY'))
    await say(paid({ refunds: [refund(500n)] }, 1_000n, 'JPY'))
    expect(await books()).toMatchObject({ transfers: 0, wallet: 0n })
    expect(await row()).toMatchObject({ state: 'review', paidMinor: 1_000n, paidCurrency: 'JPY', creditedMicros: 0n })
  })

  it('that nobody has seen is on its way', async () => {
    await say({ ...NO_FACTS, state: 'paid' })
    expect(await row()).toMatchObject({ state: 'pending', paidMinor: 0n })
    await say(paid({}, 0n))
    expect(await row()).toMatchObject({ state: 'pending', paidMinor: 0n })
    expect(await books()).toMatchObject({ transfers: 0 })
  })

  it('counts after the order was closed', async () => {
    for (const state of ['expired', 'failed', 'canceled'] as const) await say({ ...NO_FACTS, state })
    expect(await row()).toMatchObject({ state: 'failed' })
    await say(paid())
    expect(await row()).toMatchObject({ state: 'paid', creditedMicros: 10n * CREDIT })
  })

  it('of another payment is refused under this order', async () => {
    await say(paid())
    const before = await row()
    await expect(say(paid({ paymentIntentId: 'pi_other' }))).rejects.toMatchObject({ code: 'conflict' })
    expect(await row()).toEqual(before)
    const other = await createOrder(buyer)
    await expect(fulfilOrder(system, { orderId: other.id, facts: paid() }), 'one payment, one order').rejects.toThrow()
    expect(await readBooks(system, other)).toMatchObject({ transfers: 0 })
  })

  it('through Stripe is refused under an order by transfer', async () => {
    const transfer = await createOrder(buyer, { provider: 'manual', method: null })
    const facts = paid({ sessionId: undefined, paymentIntentId: newId() })
    await expect(fulfilOrder(system, { orderId: transfer.id, facts })).rejects.toMatchObject({ code: 'conflict' })
    expect(await readBooks(system, transfer)).toMatchObject({ transfers: 0 })
  })

  it('keeps where to pay only while it can be paid', async () => {
    await say({ ...NO_FACTS, sessionId: `cs_${order.id}`, paymentUrl: 'https://pay.example/1' })
    expect(await row()).toMatchObject({
      state: 'open',
      sessionId: `cs_${order.id}`,
      paymentUrl: 'https://pay.example/1',
    })
    await say({ ...NO_FACTS, state: 'pending' })
    expect(await row()).toMatchObject({ state: 'pending', sessionId: `cs_${order.id}`, paymentUrl: null })
  })
})

describe('news', () => {
  it('is on record once, with whether it was any', async () => {
    await say(paid(), `evt_1_${order.id}`)
    await say(paid(), `evt_2_${order.id}`)
    await say(paid({ refunds: [refund(100n)] }), `evt_1_${order.id}`)
    expect(await eventsOf()).toEqual([
      [`evt_1_${order.id}`, true],
      [`evt_2_${order.id}`, false],
    ])
    expect(await books()).toMatchObject({ issued: 10n * CREDIT })
  })

  it('leaves nothing behind when its commit does not come', async () => {
    const failed = inTransaction(system, async (tx) => {
      await fulfilOrder(tx, {
        orderId: order.id,
        facts: paid(),
        event: { id: `evt_${order.id}`, type: 'test', source: 'webhook', happenedAt: new Date() },
      })
      throw new Error('the connection is gone')
    })
    await expect(failed).rejects.toThrow('gone')
    expect([await row(), await eventsOf(), (await books()).transfers]).toEqual([order, [], 0])
    expect((await say(paid(), `evt_${order.id}`)).changed).toBe(true)
    expect(await books()).toMatchObject({ issued: 10n * CREDIT, transfers: 2 })
  })

  it('of an order that does not exist is refused', async () => {
    await expect(fulfilOrder(system, { orderId: newId(), facts: paid() })).rejects.toMatchObject({ code: 'not_found' })
  })
})

it('moves nothing for an order whose row contradicts its books, when nothing new is said', async () => {
  await say(paid())
  const before = await books()
  await database.db
    .update(orders)
    .set({ creditedMicros: 9n * CREDIT })
    .where(eq(orders.id, order.id))
  expect(await say(paid())).toMatchObject({ changed: false, posted: [] })
  expect(await books()).toEqual(before)
  await database.db
    .update(orders)
    .set({ creditedMicros: 10n * CREDIT })
    .where(eq(orders.id, order.id))
})

describe('money given back', () => {
  it('takes its credits out of what was bought, once', async () => {
    await say(paid())
    for (let i = 0; i < 3; i++) await say(paid({ refunds: [refund(400n)] }))
    expect(await books()).toEqual({
      issued: 6n * CREDIT,
      bonus: (CREDIT * 6n) / 10n,
      lost: 0n,
      wallet: (CREDIT * 66n) / 10n,
      transfers: 4,
    })
    await say(paid({ refunds: [refund(600n, 'pending', 're_2')] }))
    expect(await books()).toMatchObject({ issued: 0n, bonus: 0n, wallet: 0n })
    expect(await row()).toMatchObject({
      state: 'paid',
      creditedMicros: 0n,
      bonusCreditedMicros: 0n,
      shortfallMicros: 0n,
    })
  })

  it('comes back once when it does not arrive', async () => {
    await say(paid())
    await say(paid({ refunds: [refund(400n, 'pending')] }))
    await say(paid({ refunds: [refund(400n)] }))
    expect(await books()).toMatchObject({ issued: 6n * CREDIT })
    for (let i = 0; i < 3; i++) await say(paid({ refunds: [refund(400n, 'failed')] }))
    await say(paid({ refunds: [refund(400n, 'succeeded')] }))
    expect(await books()).toMatchObject({ issued: 10n * CREDIT, bonus: CREDIT, wallet: 11n * CREDIT })
  })

  it('is found with the payment, when both were missed', async () => {
    await say(paid({ refunds: [refund(400n), refund(100n, 'failed', 're_2')] }))
    expect(await books()).toMatchObject({ issued: 6n * CREDIT, bonus: (CREDIT * 6n) / 10n })
  })

  it('takes nothing that others paid for, and what was spent is borne by the house', async () => {
    const earlier = await createOrder(buyer)
    await fulfilOrder(system, { orderId: earlier.id, facts: { ...paid(), paymentIntentId: `pi_${earlier.id}` } })
    await say(paid())
    // Both bonuses, then the older purchase, then six credits of this one.
    await spend(18n * CREDIT)
    await say(paid({ refunds: [refund(1_000n)] }))
    expect(await books()).toEqual({ issued: 0n, bonus: CREDIT, lost: 6n * CREDIT, wallet: 7n * CREDIT, transfers: 4 })
    expect(await row()).toMatchObject({ shortfallMicros: 6n * CREDIT, bonusShortfallMicros: CREDIT })
    expect(await wallet()).toMatchObject({ postedMicros: 0n })
  })

  it('that comes back after it was spent makes the house whole first', async () => {
    await say(paid())
    await spend(9n * CREDIT)
    await say(paid({ refunds: [refund(1_000n)] }))
    expect(await row()).toMatchObject({ shortfallMicros: 8n * CREDIT, bonusShortfallMicros: CREDIT })
    await say(paid({ refunds: [refund(1_000n, 'failed')] }))
    expect(await books()).toMatchObject({ issued: 10n * CREDIT, bonus: CREDIT, lost: 0n, wallet: 11n * CREDIT })
    expect(await row()).toMatchObject({ shortfallMicros: 0n, bonusShortfallMicros: 0n })
    expect(await wallet()).toMatchObject({ postedMicros: 2n * CREDIT })
  })

  it('waits for what a running call holds, and takes it when it is left', async () => {
    await say(paid())
    const end = await holdCredits(system, buyer, 8n * CREDIT)
    await say(paid({ refunds: [refund(1_000n)] }))
    expect(await wallet()).toMatchObject({ postedMicros: 8n * CREDIT, heldMicros: 8n * CREDIT })
    expect(await collectShortfalls(system)).toBe(0)
    await end(2n * CREDIT)
    expect((await wallet()).postedMicros).toBe(6n * CREDIT)
    expect(await collectShortfalls(system)).toBe(1)
    expect(await collectShortfalls(system)).toBe(0)
    expect(await wallet()).toMatchObject({ postedMicros: 0n, heldMicros: 0n })
    const { shortfallMicros, bonusShortfallMicros } = await row()
    expect(shortfallMicros + bonusShortfallMicros).toBe(2n * CREDIT)
  })
})

describe('a disputed payment', () => {
  it('that was won may be lost after all', async () => {
    await say(paid({ disputes: [dispute('won', 1_000n, 1_000n)] }))
    expect(await wallet()).toMatchObject({ suspended: false, postedMicros: 11n * CREDIT })
    await say(paid({ disputes: [dispute('lost', 2_000n, 1_000n)] }))
    await say(paid({ disputes: [dispute('won', 1_000n, 1_000n)] }))
    expect(await wallet()).toMatchObject({ suspended: true, postedMicros: 0n })
  })

  it('that is only asked about moves nothing', async () => {
    await say(paid())
    await say(paid({ disputes: [dispute('inquiry')] }))
    await say(paid({ disputes: [dispute('closed')] }))
    expect(await books()).toMatchObject({ issued: 10n * CREDIT, transfers: 2 })
    expect(await wallet()).toMatchObject({ suspended: false })
  })

  it('is taken back once, suspends the wallet, and comes back when it is won', async () => {
    await say(paid())
    for (let i = 0; i < 3; i++) await say(paid({ disputes: [dispute('open', 1_000n)] }))
    expect(await books()).toMatchObject({ issued: 0n, bonus: 0n, wallet: 0n })
    expect(await wallet()).toMatchObject({ suspended: true, postedMicros: 0n })
    for (let i = 0; i < 3; i++) await say(paid({ disputes: [dispute('won', 1_000n, 1_000n)] }))
    await say(paid({ disputes: [dispute('open', 1_000n)] }))
    expect(await books()).toMatchObject({ issued: 10n * CREDIT, bonus: CREDIT, wallet: 11n * CREDIT })
    expect(await wallet()).toMatchObject({ suspended: false })
  })

  it('lets nothing new be held, though there are other credits', async () => {
    const other = await createOrder(buyer)
    await fulfilOrder(system, { orderId: other.id, facts: { ...paid(), paymentIntentId: `pi_${other.id}` } })
    await say(paid({ disputes: [dispute('open')] }))
    await expect(holdCredits(system, buyer, 1n)).rejects.toThrow('suspended')
  })

  it('that is lost stays so until an operator forgives it, once', async () => {
    await say(paid({ disputes: [dispute('lost', 1_000n)] }))
    expect(await wallet()).toMatchObject({ suspended: true })
    const forgive = { orderId: order.id, reason: 'an honest mistake' }
    await expect(forgiveDispute(buyer, forgive)).rejects.toMatchObject({ code: 'forbidden' })
    expect(await forgiveDispute(system, forgive)).toEqual({ forgiven: true })
    expect(await forgiveDispute(system, forgive)).toEqual({ forgiven: false })
    expect(await wallet()).toMatchObject({ suspended: false })
    await say(paid({ disputes: [dispute('lost', 1_000n)] }))
    expect(await wallet()).toMatchObject({ suspended: false })
    expect(await database.db.select().from(disputes).where(eq(disputes.orderId, order.id))).toMatchObject([
      { state: 'lost', forgivenAt: expect.any(Date) },
    ])
  })

  it('that never ends lets somebody go on who is forgiven, also when it is lost later', async () => {
    await say(paid({ disputes: [dispute('open', 1_000n)] }))
    const forgive = { orderId: order.id, reason: 'Stripe forgot it' }
    expect(await forgiveDispute(system, forgive)).toEqual({ forgiven: true })
    expect(await wallet()).toMatchObject({ suspended: false })
    await say(paid({ disputes: [dispute('lost', 1_000n)] }))
    expect(await wallet()).toMatchObject({ suspended: false })
    expect(await forgiveDispute(system, forgive)).toEqual({ forgiven: false })
    const other = await createOrder(buyer)
    await expect(forgiveDispute(system, { ...forgive, orderId: other.id })).rejects.toMatchObject({ code: 'conflict' })
  })

  it('of two the wallet waits for both', async () => {
    const other = await createOrder(buyer)
    const about = (state: DisputeState) =>
      fulfilOrder(system, {
        orderId: other.id,
        facts: {
          ...paid({ disputes: [{ ...dispute(state), id: `dp_${other.id}` }] }),
          paymentIntentId: `pi_${other.id}`,
        },
      })
    await Promise.all([say(paid({ disputes: [dispute('open')] })), about('open')])
    await say(paid({ disputes: [dispute('won')] }))
    expect(await wallet()).toMatchObject({ suspended: true })
    await about('won')
    expect(await wallet()).toMatchObject({ suspended: false })
  })

  it('and given back too is not taken twice', async () => {
    await say(paid({ refunds: [refund(600n)], disputes: [dispute('open', 1_000n)] }))
    expect(await books()).toMatchObject({ issued: 0n, bonus: 0n, wallet: 0n })
    await say(paid({ disputes: [dispute('won', 1_000n, 1_000n)] }))
    expect(await books()).toMatchObject({ issued: 4n * CREDIT, bonus: (CREDIT * 4n) / 10n })
  })
})
