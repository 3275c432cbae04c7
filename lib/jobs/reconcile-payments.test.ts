import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { Database } from '#db/client.ts'
import { orders, rateLimits } from '#db/schema/index.ts'
import { type Ctx, systemCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { placeOrder, setPackage } from '#lib/payments/index.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { type Buyer, createBuyer } from '#tests/support/orders.ts'
import type { StripeStandIn } from '#tests/support/stripe/stand-in.ts'
import { startProcessStripe } from '#tests/support/stripe-service.ts'
import { claimHour, reconcileHour, startHourlyReconciliation } from './reconcile-payments.ts'

let database: TestDatabase
let stripe: StripeStandIn
let system: Ctx & { db: Database }
let buyer: Buyer

beforeAll(async () => {
  stripe = await startProcessStripe()
  database = await createTestDatabase()
  system = systemCtx('test', database.db)
  buyer = await createBuyer(database)
  const terms = { priceMinor: 1_000n, currency: 'USD', creditsMicros: 10_000_000n, bonusMicros: 0n }
  await setPackage(system, { id: 'ten', ...terms, position: 1, active: true })
})
beforeEach(() => database.db.delete(rateLimits))
afterAll(async () => {
  await stripe.close()
  await database.close()
})

const asked = () => stripe.requests.filter(({ path }) => path === '/v1/events').length

it('is done once an hour, however many processes there are', async () => {
  const claims = await Promise.all(Array.from({ length: 5 }, () => claimHour(system)))
  expect(claims.filter(Boolean)).toHaveLength(1)
  const before = asked()
  await startHourlyReconciliation(system)
  expect(asked()).toBe(before)
  await database.db.update(rateLimits).set({ expire: 1n })
  expect(await claimHour(system)).toBe(true)
})

it('takes in what was missed', async () => {
  const order = await placeOrder(buyer, { packageId: 'ten', method: 'card', requestId: newId() })
  const [row] = await database.db.select().from(orders).where(eq(orders.id, order.id))
  stripe.pay(row!.sessionId!, { method: 'card' })
  await reconcileHour(system)
  const [paid] = await database.db.select().from(orders).where(eq(orders.id, order.id))
  expect(paid).toMatchObject({ state: 'paid', creditedMicros: 10_000_000n })
})

it('is due again at once when it failed', async () => {
  expect(await claimHour(system)).toBe(true)
  stripe.failNext({ with: 500, times: 2 })
  await expect(reconcileHour(system)).rejects.toMatchObject({ code: 'payment_unreachable' })
  expect(await claimHour(system)).toBe(true)
})
