import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Ctx, systemCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { exportOrders, listOrdersForAdmin, listOrderTransfers, type OrderFilter } from '#lib/payments/index.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { type Buyer, createBuyer, createOrder, holdCredits, type OrderRow } from '#tests/support/orders.ts'
import { NO_FACTS, type PaymentFacts } from './facts.ts'
import { fulfilOrder } from './fulfil.ts'

let database: TestDatabase
let system: Ctx
let ada: Buyer
let bob: Buyer
let card: OrderRow
let byHand: OrderRow
let disputed: OrderRow

const say = (order: OrderRow, facts: Partial<PaymentFacts>) =>
  fulfilOrder(system, {
    orderId: order.id,
    facts: { ...NO_FACTS, state: 'paid', paid: { amountMinor: 1_000n, currency: 'USD' }, ...facts },
  })

beforeAll(async () => {
  database = await createTestDatabase()
  system = systemCtx('test', database.db)
  ada = await createBuyer(database)
  bob = await createBuyer(database)
  card = await createOrder(ada)
  byHand = await createOrder(bob, { provider: 'manual', method: null, state: 'pending' })
  disputed = await createOrder(bob, { method: 'alipay' })
  await say(disputed, {
    disputes: [{ id: 'du_1', amountMinor: 1_000n, state: 'open', withdrawnMinor: 1_000n, reinstatedMinor: 0n }],
  })
})
afterAll(() => database.close())

describe('listOrdersForAdmin', () => {
  const ids = async (filter: OrderFilter) => (await listOrdersForAdmin(system, filter)).items.map(({ id }) => id)

  it('narrows by state, way to pay, person, dispute and time', async () => {
    expect(await ids({})).toEqual([disputed.id, byHand.id, card.id])
    expect(await ids({ state: 'pending' })).toEqual([byHand.id])
    expect(await ids({ method: 'manual' })).toEqual([byHand.id])
    expect(await ids({ method: 'card' })).toEqual([card.id])
    expect(await ids({ userId: bob.userId })).toEqual([disputed.id, byHand.id])
    expect(await ids({ disputed: true })).toEqual([disputed.id])
    expect(await ids({ window: { hours: 1 } })).toHaveLength(3)
    expect(await ids({ window: { to: '2001-01-01', timeZone: 'UTC' } })).toEqual([])
  })

  it('exportOrders gives the same, whole', async () => {
    const all: string[] = []
    for await (const batch of exportOrders(system, { userId: bob.userId })) all.push(...batch.map(({ id }) => id))
    expect(all).toEqual([disputed.id, byHand.id])
    await expect(exportOrders(ada).next()).rejects.toMatchObject({ code: 'forbidden' })
  })
})

describe('listOrderTransfers', () => {
  it('shows all that moved for an order, between accounts of the house too', async () => {
    const order = await createOrder(ada)
    await say(order, {})
    const spend = await holdCredits(system, ada, 11_000_000n)
    await spend(11_000_000n)
    await say(order, { refunds: [{ id: `re_${order.id}`, amountMinor: 1_000n, state: 'succeeded' }] })
    const moved = await listOrderTransfers(system, { orderId: order.id })
    expect(moved.map(({ kind, direction, amountMicros }) => [kind, direction, amountMicros])).toEqual([
      ['top_up', 'in', 10_000_000n],
      ['promotion', 'in', 1_000_000n],
      ['refund', 'house', 10_000_000n],
    ])
    expect(await listOrderTransfers(system, { orderId: card.id })).toEqual([])
    const taken = await listOrderTransfers(system, { orderId: disputed.id })
    expect(taken.map(({ kind, direction }) => `${kind} ${direction}`)).toEqual([
      'top_up in',
      'promotion in',
      'dispute out',
      'reversal out',
    ])
  })

  it('is for admins and the service', async () => {
    await expect(listOrderTransfers(ada, { orderId: card.id })).rejects.toMatchObject({ code: 'forbidden' })
    await expect(listOrderTransfers(system, { orderId: newId() })).rejects.toMatchObject({ code: 'not_found' })
  })
})
