import { type SQL, sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Ctx, systemCtx } from '#lib/ctx.ts'
import { inSnapshot } from '#lib/verification.ts'
import { breakBooks, foundIn } from '#tests/support/broken-books.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { createBuyer, createOrder, holdCredits } from '#tests/support/orders.ts'
import { NO_FACTS, type PaymentFacts } from './facts.ts'
import { fulfilOrder } from './fulfil.ts'
import { verifyOrders } from './verify.ts'

let database: TestDatabase
let system: Ctx & { db: TestDatabase['db'] }

// One order that was paid, one given back in part after it was spent, one disputed, one that nobody paid.
beforeAll(async () => {
  database = await createTestDatabase()
  system = systemCtx('test', database.db)
  const fulfil = async (facts: Partial<PaymentFacts>, spend = 0n) => {
    const buyer = await createBuyer(database)
    const { id: orderId } = await createOrder(buyer)
    const paid = { ...NO_FACTS, state: 'paid' as const, paid: { amountMinor: 1_000n, currency: 'USD' } }
    await fulfilOrder(system, { orderId, facts: paid })
    if (spend > 0n) await (await holdCredits(system, buyer, spend))(spend)
    await fulfilOrder(system, { orderId, facts: { ...paid, ...facts } })
  }
  await fulfil({})
  await fulfil({ refunds: [{ id: 're_1', amountMinor: 700n, state: 'succeeded' }] }, 9_000_000n)
  await fulfil({
    disputes: [{ id: 'dp_1', amountMinor: 1_000n, state: 'open', withdrawnMinor: 1_000n, reinstatedMinor: 0n }],
  })
  await createOrder(await createBuyer(database))
})
afterAll(() => database.close())

describe('verifyOrders', () => {
  it('finds nothing where all is right', async () => {
    const checks = await inSnapshot(system, verifyOrders)
    expect(foundIn(checks)).toEqual({})
    expect(checks.map(({ name, checked }) => [name, checked > 2])).toEqual([
      ['order_credits', true],
      ['order_transfers', true],
      ['payment_asked', true],
      ['wallet_suspended', true],
    ])
  })

  it.each<[string, string[], SQL]>([
    [
      'credits beyond the money',
      ['order_credits', 'order_transfers'],
      sql`UPDATE orders SET credited_micros = credited_micros + 1 WHERE state = 'paid'`,
    ],
    [
      'credits for an order that nobody paid',
      ['order_credits', 'order_transfers'],
      sql`UPDATE orders SET credited_micros = 5 WHERE state = 'open'`,
    ],
    [
      'a bonus beyond the money',
      ['order_credits', 'order_transfers'],
      sql`UPDATE orders SET bonus_credited_micros = bonus_credited_micros + 1`,
    ],
    [
      'money that did not come',
      ['order_credits'],
      sql`UPDATE orders SET paid_minor = paid_minor + 100 WHERE state = 'paid'`,
    ],
    [
      'a refund that took nothing',
      ['order_credits'],
      sql`INSERT INTO refunds (id, order_id, amount_minor, state) SELECT 're_' || id, id, 5, 'pending' FROM orders`,
    ],
    ['a refund that failed and took', ['order_credits'], sql`UPDATE refunds SET state = 'failed'`],
    ['a dispute that took nothing', ['order_credits'], sql`UPDATE disputes SET reinstated_minor = 500`],
    [
      'a shortfall that nobody bears',
      ['order_transfers'],
      sql`UPDATE orders SET shortfall_micros = shortfall_micros + 1`,
    ],
    [
      'a bonus that is not remembered',
      ['order_transfers'],
      sql`UPDATE orders SET bonus_shortfall_micros = bonus_shortfall_micros + 1`,
    ],
    [
      'a top-up of another amount',
      ['order_transfers'],
      sql`UPDATE transfers SET amount_micros = amount_micros + 1 WHERE kind = 'top_up'`,
    ],
    [
      'a top-up into another wallet',
      ['order_transfers'],
      sql`UPDATE transfers SET credit_account_id = (SELECT id FROM wallets WHERE id <> credit_account_id LIMIT 1) WHERE kind = 'top_up'`,
    ],
    [
      'a top-up that nobody ordered',
      ['order_transfers', 'payment_asked'],
      sql`UPDATE transfers SET external_ref = 'order:' || gen_random_uuid() WHERE kind = 'top_up'`,
    ],
    [
      'a top-up without any reason',
      ['order_transfers', 'payment_asked'],
      sql`UPDATE transfers SET external_ref = NULL WHERE kind = 'top_up'`,
    ],
    ['a wallet that is suspended for nothing', ['wallet_suspended'], sql`UPDATE wallets SET suspended = true`],
    [
      'a wallet that goes on during a dispute',
      ['wallet_suspended'],
      sql`UPDATE wallets SET suspended = false WHERE suspended`,
    ],
    ['nothing when a dispute was lost and the wallet stays suspended', [], sql`UPDATE disputes SET state = 'lost'`],
    [
      'a wallet that is suspended after it was forgiven',
      ['wallet_suspended'],
      sql`UPDATE disputes SET state = 'lost', forgiven_at = now()`,
    ],
    [
      'a wallet that is suspended after a dispute was won',
      ['wallet_suspended'],
      sql`UPDATE disputes SET state = 'won'`,
    ],
  ])('names %s', async (_what, names, change) => {
    expect(Object.keys(await breakBooks(database, change, verifyOrders)).sort()).toEqual(names)
  })
})
