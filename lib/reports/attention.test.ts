import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { Database } from '#db/client.ts'
import { type Ctx, systemCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { ATTENTION_KINDS, listAttention } from '#lib/reports/index.ts'
import { createBuyer, createOrder } from '#tests/support/orders.ts'
import { createChannel, createPricedModel } from '#tests/support/paid-call.ts'
import {
  CHANNELS,
  createHistoryDatabase,
  type HistoryDatabase,
  insertCalls,
  PEOPLE,
} from '#tests/support/report-rows.ts'

let database: HistoryDatabase
let owner: Database
let ctx: Ctx
let modelId: string
beforeAll(async () => {
  database = await createHistoryDatabase()
  owner = database.owner
  ctx = systemCtx('test', database.db)
})
afterAll(() => database.close())
beforeEach(async () => {
  await owner.execute(sql`TRUNCATE usage_records, late_usage, transfers, users, models, price_versions, channels,
    channel_keys, channel_models, orders, refunds, disputes, adjustments, job_runs, ledger_checks CASCADE`)
  modelId = await createPricedModel(database.db, [await createChannel(database.db, 'http://127.0.0.1:1')])
  await checkLedger('1 hour', 0)
  await owner.execute(sql`
    INSERT INTO users (id, email, name, role, created_at) VALUES (${newId()}, 'a@example.test', 'A', 'admin', now() - interval '9 days')`)
})

function checkLedger(ago: string, differences: number | null) {
  const at = sql`now() - ${ago}::interval`
  return owner.execute(sql`
    INSERT INTO ledger_checks (id, source, started_at, finished_at, differences)
    VALUES (${newId()}, 'nightly', ${at}, ${differences === null ? null : at}, ${differences})`)
}

/** The row of an only finding, whatever else is said of it. */
const found = (kind: string, fields: object = {}) => [
  { kind, subjectId: null, name: null, count: 1, micros: null, since: null, detail: null, ...fields },
]
const channel = async () =>
  (await database.db.execute<{ id: string; name: string }>(sql`SELECT id, name FROM channels LIMIT 1`)).rows[0]!
const about = async () => {
  const { id: subjectId, name } = await channel()
  return { subjectId, name }
}

it('is nothing where all is well', async () => {
  expect(await listAttention(ctx)).toEqual([])
})

it('a key that its vendor refuses, while another is taken', async () => {
  const { id } = await channel()
  await owner.execute(sql`
    INSERT INTO channel_keys (id, channel_id, key_sealed, hint, status, refused_at)
    VALUES (${newId()}, ${id}, '\\x00', 'dead', 'refused', '2026-03-01'), (${newId()}, ${id}, '\\x00', 'gone', 'disabled', NULL)`)
  expect(await listAttention(ctx)).toEqual(found('key_refused', { ...(await about()), since: new Date('2026-03-01') }))
  await owner.execute(sql`UPDATE channels SET status = 'disabled'`)
  expect((await listAttention(ctx)).map(({ kind }) => kind)).toEqual(['model_without_channel'])
})

it('a channel that has no key left', async () => {
  await owner.execute(sql`UPDATE channel_keys SET status = 'refused', refused_at = '2026-03-01'`)
  const [first] = await listAttention(ctx)
  expect([first]).toEqual(found('channel_without_key', { ...(await about()), since: new Date('2026-03-01') }))
  await owner.execute(sql`DELETE FROM channel_keys`)
  expect((await listAttention(ctx))[0]).toMatchObject({ kind: 'channel_without_key', count: 0, since: null })
})

it('a model that people should see and that has no price now', async () => {
  await owner.execute(sql`UPDATE price_versions SET valid_during = tstzrange(lower(valid_during), now())`)
  expect(await listAttention(ctx)).toEqual(found('model_without_price', { subjectId: modelId, name: modelId }))
  await owner.execute(sql`UPDATE models SET visible = false`)
  expect(await listAttention(ctx)).toEqual([])
})

it('a model that no channel carries any more, and none that no channel ever did', async () => {
  await createPricedModel(database.db, [])
  expect(await listAttention(ctx)).toEqual([])
  await owner.execute(sql`UPDATE channels SET status = 'disabled'`)
  expect(await listAttention(ctx)).toEqual(found('model_without_channel', { subjectId: modelId, name: modelId }))
  await owner.execute(sql`UPDATE models SET visible = false`)
  expect(await listAttention(ctx)).toEqual([])
})

it('a model whose calls of a week cost more than they brought in', async () => {
  const call = (charged: number, cost: number, daysAgo: number) => ({
    ...{ userId: PEOPLE[0]!, modelId, channelId: CHANNELS[1]!, outcome: 'completed' as const, late: null },
    ...{ tokens: [1, 1, 1, 1, 1] as [number, number, number, number, number], badDebtMicros: 0, firstTokenMs: 1 },
    ...{ chargedMicros: charged, vendorCostMicros: cost, at: new Date(Date.now() - daysAgo * 86_400_000) },
  })
  await insertCalls(owner, [call(100, 90, 0), call(0, 500, 8)])
  expect(await listAttention(ctx)).toEqual([])
  await insertCalls(owner, [call(0, 60, 0)])
  expect(await listAttention(ctx)).toEqual(
    found('model_at_a_loss', { subjectId: modelId, name: modelId, count: 2, micros: 50n }),
  )
})

it('orders that wait for the operator, disputes and credits that could not be taken back', async () => {
  const buyer = await createBuyer(database)
  const createdAt = new Date('2026-03-01')
  const paid = { paidMinor: 1_000n, paidCurrency: 'USD', paidAt: createdAt, createdAt }
  await createOrder(buyer, { state: 'open', provider: 'manual' })
  await createOrder(buyer, { state: 'pending', provider: 'stripe' })
  const order = await createOrder(buyer, { state: 'paid', ...paid })
  expect(await listAttention(ctx)).toEqual([])
  await createOrder(buyer, { state: 'pending', provider: 'manual', createdAt })
  await createOrder(buyer, { state: 'pending', provider: 'manual' })
  await createOrder(buyer, { state: 'review', ...paid, paidCurrency: 'EUR' })
  await owner.execute(sql`UPDATE orders SET shortfall_micros = 5, bonus_shortfall_micros = 2 WHERE id = ${order.id}`)
  await owner.execute(sql`
    INSERT INTO disputes (id, order_id, amount_minor, state, created_at)
    VALUES ('d1', ${order.id}, 1, 'open', '2026-03-02'), ('d2', ${order.id}, 1, 'won', '2026-03-01')`)
  expect(await listAttention(ctx)).toEqual([
    ...found('dispute_open', { since: new Date('2026-03-02') }),
    ...found('order_in_review', { since: createdAt }),
    ...found('order_to_confirm', { count: 2, since: createdAt }),
    ...found('shortfall', { micros: 7n }),
  ])
})

it('a grant that waits for a second admin', async () => {
  await owner.execute(sql`
    INSERT INTO adjustments (id, kind, wallet_id, amount_micros, reason, idempotency_key, request_hash, state, requested_by, created_at)
    VALUES (${newId()}, 'grant', ${newId()}, 1, 'r', 'k', '\\x00', 'waiting', 'x', '2026-03-01'),
      (${newId()}, 'grant', ${newId()}, 1, 'r', 'l', '\\x00', 'rejected', 'x', '2026-02-01')`)
  expect(await listAttention(ctx)).toEqual(found('adjustment_waiting', { since: new Date('2026-03-01') }))
})

it('a job that failed and has not worked since', async () => {
  await database.db.execute(sql`
    INSERT INTO job_runs (name, succeeded_at, failed_at, error, failures)
    VALUES ('sweep-runs', '2026-03-01', '2026-03-02', 'no such table', 3), ('heartbeat', '2026-03-02', '2026-03-01', 'old', 0)`)
  expect(await listAttention(ctx)).toEqual(
    found('job_failing', {
      ...{ subjectId: 'sweep-runs', name: 'sweep-runs', count: 3, detail: 'no such table' },
      since: new Date('2026-03-01'),
    }),
  )
})

it('a ledger that does not add up, by the last look at it', async () => {
  await checkLedger('2 hours', 5)
  expect(await listAttention(ctx)).toEqual([])
  await checkLedger('30 minutes', 3)
  expect(await listAttention(ctx)).toMatchObject(found('ledger_differs', { count: 3, since: expect.any(Date) }))
})

it('a ledger at which nobody has looked for two days, once there has been time to', async () => {
  await owner.execute(sql`DELETE FROM ledger_checks`)
  await checkLedger('1 hour', null)
  await checkLedger('49 hours', 0)
  expect(await listAttention(ctx)).toMatchObject(found('ledger_unchecked', { since: expect.any(Date) }))
  await owner.execute(sql`UPDATE users SET created_at = now() - interval '47 hours'`)
  expect(await listAttention(ctx)).toEqual([])
})

it('is for admins alone', async () => {
  const person: Ctx = { db: database.db, actor: { type: 'user', userId: newId(), role: 'user', sessionId: newId() } }
  await expect(listAttention(person)).rejects.toMatchObject({ code: 'forbidden' })
  await expect(listAttention({ db: database.db, actor: { type: 'anonymous' } })).rejects.toMatchObject({
    code: 'unauthenticated',
  })
  expect(new Set(ATTENTION_KINDS).size).toBe(ATTENTION_KINDS.length)
})
