import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { newId } from '#lib/id.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { createBuyer, createOrder } from '#tests/support/orders.ts'

// What the tables of payments refuse, whoever writes and past every function.

let database: TestDatabase
let owner: pg.Client
let order: Record<string, unknown>

beforeAll(async () => {
  database = await createTestDatabase()
  owner = new pg.Client({ connectionString: database.ownerUrl })
  await owner.connect()
  const { id } = await createOrder(await createBuyer(database))
  order = (await owner.query('SELECT * FROM orders WHERE id = $1', [id])).rows[0]
})
beforeEach(async () => {
  await owner.query('BEGIN')
})
afterEach(async () => {
  await owner.query('ROLLBACK')
})
afterAll(async () => {
  await owner.end()
  await database.close()
})

type Row = Record<string, unknown>

async function insert(table: string, row: Row): Promise<void> {
  const columns = Object.keys(row)
  const places = columns.map((_, index) => `$${index + 1}`)
  await owner.query(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${places.join(', ')})`, Object.values(row))
}

/** The name of the constraint that refuses, or `taken`. */
const refusalOf = (work: Promise<unknown>) =>
  work.then(
    () => 'taken',
    (error: { constraint?: string; code?: string; message: string }) => error.constraint ?? error.code ?? error.message,
  )

const paid = { state: 'paid', paid_minor: 5, paid_currency: 'USD', paid_at: '2026-11-23' }
const REQUIRED: Record<string, () => Row> = {
  packages: () => ({ id: newId(), price_minor: 1, currency: 'USD', credits_micros: 1 }),
  orders: () => ({ ...order, id: newId(), reference: newId(), request_id: newId(), request_hash: randomBytes(32) }),
  refunds: () => ({ id: newId(), order_id: order.id, amount_minor: 5, state: 'pending' }),
  disputes: () => ({ id: newId(), order_id: order.id, amount_minor: 5, state: 'open', withdrawn_minor: 5 }),
  payment_events: () => ({
    id: newId(),
    type: 't',
    order_id: order.id,
    source: 'webhook',
    changed: true,
    happened_at: '2026-11-23',
  }),
}

describe('a row is refused by', () => {
  it.each<[constraint: string, table: string, row: Row]>([
    ['packages_terms_sane', 'packages', { price_minor: 0 }],
    ['packages_terms_sane', 'packages', { credits_micros: 0 }],
    ['packages_terms_sane', 'packages', { currency: 'usd' }],
    ['micros_not_negative', 'packages', { bonus_micros: -1 }],
    ['orders_provider_known', 'orders', { provider: 'paypal' }],
    ['orders_state_known', 'orders', { state: 'done' }],
    ['orders_terms_sane', 'orders', { price_minor: 0 }],
    ['orders_terms_sane', 'orders', { credits_micros: 0 }],
    ['orders_terms_sane', 'orders', { bonus_micros: -1 }],
    ['orders_terms_sane', 'orders', { currency: 'US' }],
    ['orders_paid_shape', 'orders', { ...paid, paid_minor: -5 }],
    ['orders_paid_shape', 'orders', { paid_minor: -5 }],
    ['orders_paid_shape', 'orders', { ...paid, state: 'open' }],
    ['orders_paid_shape', 'orders', { ...paid, paid_minor: 0 }],
    ['orders_paid_shape', 'orders', { ...paid, paid_at: null }],
    ['orders_paid_shape', 'orders', { ...paid, state: 'review', paid_currency: null }],
    ['orders_currency_agreed', 'orders', { ...paid, paid_currency: 'EUR' }],
    ['orders_credits_for_money', 'orders', { credited_micros: 1 }],
    ['orders_credits_for_money', 'orders', { ...paid, state: 'review', bonus_credited_micros: 1 }],
    ['orders_credits_for_money', 'orders', { shortfall_micros: 1 }],
    ['orders_credits_for_money', 'orders', { bonus_shortfall_micros: 1 }],
    // What one says must not make up for what another says.
    ['orders_credits_for_money', 'orders', { credited_micros: 1, bonus_credited_micros: 1 }],
    ['orders_credits_for_money', 'orders', { credited_micros: 1, shortfall_micros: 1 }],
    ['orders_credits_for_money', 'orders', { credited_micros: 1, bonus_shortfall_micros: 1 }],
    ['micros_not_negative', 'orders', { ...paid, shortfall_micros: -1 }],
    ['micros_not_negative', 'orders', { ...paid, credited_micros: -1 }],
    ['refunds_amount_positive', 'refunds', { amount_minor: 0 }],
    ['refunds_state_known', 'refunds', { state: 'lost' }],
    ['refunds_order_id_orders_id_fk', 'refunds', { order_id: newId() }],
    ['disputes_state_known', 'disputes', { state: 'new' }],
    ['disputes_amounts_sane', 'disputes', { amount_minor: 0 }],
    ['disputes_amounts_sane', 'disputes', { reinstated_minor: -1 }],
    ['disputes_amounts_sane', 'disputes', { reinstated_minor: 6 }],
    ['disputes_order_id_orders_id_fk', 'disputes', { order_id: newId() }],
    ['payment_events_source_known', 'payment_events', { source: 'hand' }],
    ['payment_events_order_id_orders_id_fk', 'payment_events', { order_id: newId() }],
    ['orders_wallet_id_wallets_id_fk', 'orders', { wallet_id: newId() }],
  ])('%s, of %s: %j', async (constraint, table, row) => {
    expect(await refusalOf(insert(table, { ...REQUIRED[table]!(), ...row }))).toBe(constraint)
  })

  it.each(Object.keys(REQUIRED))('nobody, of %s, as it should be', async (table) => {
    expect(await refusalOf(insert(table, REQUIRED[table]!()))).toBe('taken')
    expect(
      await refusalOf(insert('orders', { ...REQUIRED.orders!(), ...paid, credited_micros: 5, shortfall_micros: 1 })),
    ).toBe('taken')
  })

  it.each<[table: string, row: Row]>([
    ['packages', { price_minor: 1, credits_micros: 1, bonus_micros: 0 }],
    ['orders', { price_minor: 1, credits_micros: 1, bonus_micros: 0, provider: 'manual', method: null }],
    ['orders', { ...paid, paid_minor: 1 }],
    ['orders', { ...paid, state: 'review', paid_currency: 'EUR' }],
    ...['open', 'pending', 'expired', 'failed', 'canceled', 'rejected'].map((state): [string, Row] => [
      'orders',
      { state },
    ]),
    ...['pending', 'succeeded', 'failed', 'canceled'].map((state): [string, Row] => [
      'refunds',
      { state, amount_minor: 1 },
    ]),
    ...['inquiry', 'open', 'closed', 'won', 'lost'].map((state): [string, Row] => [
      'disputes',
      { state, amount_minor: 1, withdrawn_minor: 0 },
    ]),
    ['disputes', { amount_minor: 5, withdrawn_minor: 5, reinstated_minor: 5 }],
    ['payment_events', { source: 'reconcile', changed: false, order_id: null }],
  ])('nobody, of %s: %j', async (table, row) => {
    expect(await refusalOf(insert(table, { ...REQUIRED[table]!(), ...row }))).toBe('taken')
  })

  it.each([
    ['packages_pkey', 'packages', ['id']],
    ['orders_pkey', 'orders', ['id']],
    ['orders_reference_key', 'orders', ['reference']],
    ['orders_request_key', 'orders', ['user_id', 'request_id']],
    ['orders_session_key', 'orders', ['session_id']],
    ['orders_payment_key', 'orders', ['payment_intent_id']],
    ['refunds_pkey', 'refunds', ['id']],
    ['disputes_pkey', 'disputes', ['id']],
    ['payment_events_pkey', 'payment_events', ['id']],
  ])('%s, a second time', async (constraint, table, columns) => {
    const first = { ...REQUIRED[table]!(), ...(table === 'orders' && { session_id: 'cs', payment_intent_id: 'pi' }) }
    await insert(table, first)
    const same = Object.fromEntries(columns.map((column) => [column, first[column as keyof typeof first]]))
    expect(await refusalOf(insert(table, { ...REQUIRED[table]!(), ...same }))).toBe(constraint)
  })
})

describe('what is there stays', () => {
  it.each([
    ...['id', 'reference', 'user_id', 'wallet_id', 'request_id', 'request_hash', 'provider', 'package_id'].map(
      (column) => `UPDATE orders SET ${column} = ${column}`,
    ),
    ...['price_minor', 'currency', 'credits_micros', 'bonus_micros', 'created_at'].map(
      (column) => `UPDATE orders SET ${column} = ${column}`,
    ),
    ...['id', 'order_id', 'amount_minor'].map((column) => `UPDATE refunds SET ${column} = ${column}`),
    ...['id', 'order_id'].map((column) => `UPDATE disputes SET ${column} = ${column}`),
    'UPDATE payment_events SET changed = false',
    'DELETE FROM orders',
    'DELETE FROM refunds',
    'DELETE FROM disputes',
    'DELETE FROM payment_events',
  ])('%s', async (statement) => {
    await insert('refunds', REQUIRED.refunds!())
    await insert('disputes', REQUIRED.disputes!())
    await insert('payment_events', REQUIRED.payment_events!())
    expect(await refusalOf(owner.query(statement))).toBe('UB000')
  })

  // What a truncation would take along refuses it too: the table itself must.
  it.each(['orders', 'refunds', 'disputes', 'payment_events', 'redemptions'])('TRUNCATE %s CASCADE', async (table) => {
    await expect(owner.query(`TRUNCATE ${table} CASCADE`)).rejects.toMatchObject({
      code: 'UB000',
      message: `${table} is append-only: TRUNCATE refused`,
    })
  })
})
