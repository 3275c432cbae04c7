import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { type Buyer, createBuyer, createOrder, type OrderRow } from '#tests/support/orders.ts'
import { readOrderOrigins, refuseRealOrders, refuseRealPayments, warnOfTestOrders } from './refusals.ts'

const root = path.resolve(import.meta.dirname, '..', '..')

describe('the environment of a demonstration', () => {
  it.each([
    undefined,
    '',
    'http://localhost:3000',
    'http://127.0.0.1:3000',
    'http://[::1]:3000',
    'http://10.1.2.3',
    'http://172.16.0.9:3000',
    'http://192.168.1.5:3000',
    'http://shop.localhost',
    'https://macbook.local',
    'https://shop.test',
    'http://nas:8080',
  ])('may be reached at %s', (appUrl) => {
    expect(refuseRealPayments({ APP_URL: appUrl, STRIPE_SECRET_KEY: '' }, root)).toBeUndefined()
  })

  it.each([
    'https://chat.example.com',
    'http://8.8.8.8:3000',
    'http://[2001:4860:4860::8888]',
    'http://172.32.0.1',
    'http://192.168.1.5.example.com',
    'http://localhost.example.com',
    'http://test.example',
  ])('may not be reached at %s', (appUrl) => {
    const refused = () => refuseRealPayments({ APP_URL: appUrl }, root)
    expect(refused).toThrow(/^--demo-pay: APP_URL is the public address [^\n]+$/)
  })

  it.each(['STRIPE_SECRET_KEY', 'STRIPE_WEBHOOK_SECRET', 'STRIPE_API_BASE'])('knows no %s', (name) => {
    for (const value of ['sk_live_0123', 'sk_test_0123']) {
      expect(() => refuseRealPayments({ [name]: value }, root)).toThrow(
        `--demo-pay: ${name} is set: unset it, or start without --demo-pay`,
      )
    }
  })

  it('needs the stand-in, which no production image has', () => {
    const bare = mkdtempSync(path.join(tmpdir(), 'ub-bare-'))
    try {
      expect(() => refuseRealPayments({}, bare)).toThrow('stand-in.ts is missing: a whole checkout has it')
    } finally {
      rmSync(bare, { recursive: true })
    }
  })
})

describe('the orders of a database', () => {
  let database: TestDatabase
  let buyer: Buyer
  const paid = { state: 'paid', paidMinor: 1_000n, paidCurrency: 'USD', paidAt: new Date() } as const

  beforeAll(async () => {
    database = await createTestDatabase()
  })
  afterAll(() => database.close())

  async function originsAfter(...added: Partial<OrderRow>[]) {
    buyer ??= await createBuyer(database)
    for (const fields of added) {
      await createOrder(buyer, fields)
    }
    return readOrderOrigins(database.url)
  }

  it('are counted by where they were paid, and real ones refuse a demonstration', async () => {
    const none = await originsAfter()
    expect(none).toEqual({ live: 0, test: 0, testPaid: 0, confirmed: 0 })
    expect(refuseRealOrders(none)).toBeUndefined()
    expect(warnOfTestOrders(none, undefined)).toBeNull()

    const transfers = await originsAfter({ provider: 'manual', method: null }, { provider: 'manual', ...paid })
    expect(transfers).toEqual({ live: 0, test: 0, testPaid: 0, confirmed: 1 })
    expect(() => refuseRealOrders(transfers)).toThrow(
      '--demo-pay: this database has orders, 1 paid by transfer: use another DATA_DIR or DATABASE_URL',
    )

    const open = await originsAfter({ sessionId: 'cs_test_a' })
    expect(open).toEqual({ live: 0, test: 1, testPaid: 0, confirmed: 1 })
    expect(refuseRealOrders(open)).toBeUndefined()
    expect(warnOfTestOrders(open, undefined)).toBeNull()

    const demo = await originsAfter({ sessionId: 'cs_test_b', ...paid }, { sessionId: 'csXtestXc', ...paid })
    expect(demo).toEqual({ live: 0, test: 2, testPaid: 1, confirmed: 1 })
    expect(warnOfTestOrders(demo, undefined)).toMatch(/^Warning: 1 orders [^\n]+$/)
    expect(warnOfTestOrders(demo, 'sk_live_0123')).toMatch(/^Warning: 1 orders /)
    expect(warnOfTestOrders(demo, 'rk_test_0123')).toBeNull()

    const live = await originsAfter({ sessionId: 'cs_live_d' })
    expect(live).toEqual({ live: 1, test: 2, testPaid: 1, confirmed: 1 })
    expect(() => refuseRealOrders(live)).toThrow('this database has orders, 1 with real payments through Stripe')
  })

  it('are none before the database has its tables', async () => {
    const url = new URL(database.url)
    url.searchParams.set('options', '-c search_path=pg_catalog')
    expect(await readOrderOrigins(url.href)).toEqual({ live: 0, test: 0, testPaid: 0, confirmed: 0 })
  })
})
