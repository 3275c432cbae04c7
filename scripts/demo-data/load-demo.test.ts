import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemCtx } from '#lib/ctx.ts'
import { verifyReceipts } from '#lib/inference/index.ts'
import { verifyLedger } from '#lib/ledger/index.ts'
import { verifyAdjustments, verifyCodes, verifyOrders } from '#lib/payments/index.ts'
import { verifyReports } from '#lib/reports/index.ts'
import { inSnapshot } from '#lib/verification.ts'
import { loadDemo } from '#scripts/demo-data/load-demo.ts'
import { createPerson } from '#tests/support/chat.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { createDemoDatabase } from '#tests/support/demo-database.ts'

const SILENT = { advance: () => undefined, end: () => undefined }

let demo: TestDatabase
let owner: pg.Client

beforeAll(async () => {
  demo = await createDemoDatabase()
  owner = new pg.Client({ connectionString: demo.ownerUrl })
  await owner.connect()
})

afterAll(async () => {
  await owner.end()
  await demo.close()
})

const ask = async (client: pg.Client, query: string) => (await client.query(query)).rows

/** Everything of the schema that could be otherwise after indexes and keys were taken away and brought back. */
async function describeStructure(client: pg.Client) {
  return {
    indexes: await ask(
      client,
      `SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2`,
    ),
    constraints: await ask(
      client,
      `SELECT conrelid::regclass::text AS on_table, conname, contype, convalidated, pg_get_constraintdef(oid) AS says
       FROM pg_constraint WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2`,
    ),
    triggers: await ask(
      client,
      `SELECT tgrelid::regclass::text AS on_table, tgname, tgenabled, pg_get_triggerdef(oid) AS says
       FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2`,
    ),
    // Those that keep foreign keys are named by number.
    keepers: await ask(
      client,
      `SELECT tgrelid::regclass::text AS on_table, tgenabled, count(*) FROM pg_trigger WHERE tgisinternal GROUP BY 1, 2 ORDER BY 1, 2`,
    ),
  }
}

describe('the small demonstration', () => {
  it('has books that add up', async () => {
    const results = await inSnapshot(systemCtx('test', demo.db), async (ctx) => [
      ...(await verifyLedger(ctx)),
      ...(await verifyReceipts(ctx)),
      ...(await verifyAdjustments(ctx)),
      ...(await verifyCodes(ctx)),
      ...(await verifyOrders(ctx)),
    ])
    expect(results.filter(({ differences }) => differences > 0)).toEqual([])
    expect(results.filter(({ checked }) => checked > 0).length).toBeGreaterThan(30)
  })

  it('has sums that are those of its rows', async () => {
    const [year] = await ask(
      owner,
      `SELECT (now() - interval '11 months')::date::text AS from, now()::date::text AS to`,
    )
    const results = await verifyReports(systemCtx('test', demo.db), { from: year.from, to: year.to })
    expect(results.filter(({ differences }) => differences > 0)).toEqual([])
    expect(results.every(({ checked }) => checked > 100)).toBe(true)
  })

  it.each([
    ['people', `SELECT count(*) FROM users WHERE role = 'user'`, 50],
    ['people of both languages', `SELECT count(DISTINCT locale) FROM users`, 2],
    ['messages', `SELECT count(*) FROM messages`, 5_000],
    ['usage records', `SELECT count(*) FROM usage_records`, 15_000],
    ['calls of programs', `SELECT count(*) FROM usage_records WHERE conversation_id IS NULL`, 12_500],
    ['outcomes', `SELECT count(DISTINCT outcome) FROM usage_records`, 5],
    ['models called', `SELECT count(DISTINCT model_id) FROM usage_records`, 8],
    ['channels called', `SELECT count(DISTINCT channel_id) FROM usage_records`, 5],
    ['kinds of transfers', `SELECT count(DISTINCT kind) FROM transfers`, 8],
    ['sources of lots', `SELECT count(DISTINCT source) FROM lots`, 3],
    ['charges that name their lot', `SELECT count(lot_transfer_id) FROM transfers`, 10_000],
    [
      'charges of several lots',
      `SELECT count(DISTINCT t.id) FROM transfers t JOIN lot_uses u ON u.transfer_id = t.id WHERE t.kind = 'usage'`,
      10,
    ],
    ['states of orders', `SELECT count(DISTINCT state) FROM orders`, 8],
    ['ways to pay', `SELECT count(DISTINCT (provider, method)) FROM orders`, 4],
    ['refunds', `SELECT count(*) FROM refunds`, 2],
    ['states of disputes', `SELECT count(DISTINCT state) FROM disputes`, 3],
    ['suspended wallets', `SELECT count(*) FROM wallets WHERE suspended`, 1],
    ['redemptions', `SELECT count(*) FROM redemptions`, 5],
    ['batches of codes', `SELECT count(*) FROM code_batches`, 5],
    ['prices that are over', `SELECT count(*) FROM price_versions WHERE upper(valid_during) <= now()`, 10],
    ['prices that have not begun', `SELECT count(*) FROM price_versions WHERE lower(valid_during) > now()`, 1],
    ['keys that were refused', `SELECT count(*) FROM channel_keys WHERE status = 'refused' AND refused_at < now()`, 1],
    ['adjustments that wait', `SELECT count(*) FROM adjustments WHERE state = 'waiting'`, 1],
    ['sessions', `SELECT count(*) FROM sessions`, 50],
    ['actions in the audit log', `SELECT count(DISTINCT action) FROM audit_entries`, 10],
    ['spend caps', `SELECT count(*) FROM spend_caps`, 1],
    ['late usage', `SELECT count(*) FROM late_usage`, 1],
    ['calls of the last day', `SELECT count(*) FROM usage_records WHERE created_at > now() - interval '1 day'`, 10],
    ['months with calls', `SELECT count(DISTINCT date_trunc('month', created_at)) FROM usage_records`, 10],
  ])('has %s', async (_what, query, least) => {
    const [row] = await ask(owner, query)
    expect(Number(row.count)).toBeGreaterThanOrEqual(least)
  })

  it('lies in the order of time, and knows nothing later than now', async () => {
    const [row] = await ask(
      owner,
      `SELECT (SELECT correlation FROM pg_stats WHERE tablename = 'usage_records' AND attname = 'created_at') AS calls,
         (SELECT correlation FROM pg_stats WHERE tablename = 'transfers' AND attname = 'created_at') AS transfers,
         (SELECT max(created_at) < now() FROM usage_records) AND (SELECT max(created_at) < now() FROM transfers)
           AND (SELECT max(created_at) < now() FROM orders) AS past`,
    )
    expect(row).toMatchObject({ past: true })
    // A late row that is short may lie on an early page that had room for it.
    expect(row.calls).toBeGreaterThan(0.99)
    expect(row.transfers).toBeGreaterThan(0.99)
  })

  it('leaves indexes, keys, CHECKs and triggers as they were', async () => {
    const untouched = await createTestDatabase()
    const client = new pg.Client({ connectionString: untouched.ownerUrl })
    await client.connect()
    expect(await describeStructure(owner)).toEqual(await describeStructure(client))
    await client.end()
    await untouched.close()
  })

  it.each(['transfers', 'lot_uses', 'usage_records', 'audit_entries', 'accounts', 'redemptions', 'payment_events'])(
    'cannot change %s afterwards either',
    async (table) => {
      await expect(owner.query(`DELETE FROM ${table}`)).rejects.toThrow('append-only')
    },
  )

  it('is made once', async () => {
    const before = await ask(owner, 'SELECT count(*) FROM transfers')
    expect(await loadDemo('large', demo, SILENT)).toEqual({ loaded: false, size: 'small' })
    expect(await ask(owner, 'SELECT count(*) FROM transfers')).toEqual(before)
  })
})

it('goes into no database that somebody uses', async () => {
  const used = await createTestDatabase()
  await createPerson(used.db)
  await expect(loadDemo('small', used, SILENT)).rejects.toThrow('this database holds people')
  await used.close()
})
