import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ADVISORY_LOCKS } from '#db/advisory-locks.ts'
import { type Database, runTransaction } from '#db/client.ts'
import { type Ctx, systemCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { sumReports, verifyReports } from '#lib/reports/index.ts'
import { setSetting } from '#lib/settings/index.ts'
import { dateIn } from '#lib/time-zone.ts'
import {
  createHistoryDatabase,
  type HistoryDatabase,
  insertCalls,
  insertTransfers,
  type PastCall,
  type PastTransfer,
  pastCall,
  pastTransfer,
  sumAll,
} from '#tests/support/report-rows.ts'

let database: HistoryDatabase
let owner: Database
let ctx: Ctx
beforeAll(async () => {
  database = await createHistoryDatabase()
  owner = database.owner
  ctx = systemCtx('test', database.db)
})
afterAll(() => database.close())
beforeEach(async () => {
  await owner.execute(sql`TRUNCATE usage_records, late_usage, transfers, lots, lot_uses, report_progress,
    usage_days, latency_days, person_days, active_days, ledger_days CASCADE`)
  await setSetting(ctx, { key: 'time_zone', value: 'UTC' })
})

// Lord Howe puts its clocks forward by half an hour, Havana and Beirut theirs at midnight; Kathmandu is 5:45 ahead.
const ZONES = [
  ...['UTC', 'Asia/Shanghai', 'Asia/Kolkata', 'Asia/Kathmandu', 'America/St_Johns', 'Australia/Lord_Howe'],
  ...['America/Havana', 'Asia/Beirut', 'Pacific/Kiritimati', 'Pacific/Pago_Pago'],
]
// Clocks are changed in each half of the world within it.
const [FROM, TO] = [new Date('2025-09-20'), new Date('2026-04-10')]
const WHOLE = { from: '2025-09-01', to: '2026-04-20' }

const sorted = (rows: Record<string, unknown>[]) => rows.map((row) => JSON.stringify(row, asText)).sort()
const asText = (_key: string, value: unknown) => (typeof value === 'bigint' ? Number(value) : value)

async function kept(statement: string) {
  return sorted((await database.db.execute(sql.raw(statement))).rows)
}

/** Adds up in JavaScript what the sums must be; the runtime's own calendar cuts the days. */
function expectedOf(calls: readonly PastCall[], transfers: readonly PastTransfer[], zone: string) {
  const add = (into: Map<string, number[]>, key: unknown[], sums: number[]) => {
    const name = JSON.stringify(key)
    into.set(
      name,
      (into.get(name) ?? sums.map(() => 0)).map((sum, index) => sum + sums[index]!),
    )
  }
  const tables = { usage: new Map(), people: new Map(), ledger: new Map(), waits: new Map() }
  const active = new Set<string>()
  for (const call of calls) {
    const day = dateIn(zone, call.at)
    const is = (outcome: string) => Number(call.outcome === outcome)
    const outcomes = ['stopped', 'interrupted', 'failed', 'empty'].map(is)
    const money = [call.chargedMicros, call.badDebtMicros, call.vendorCostMicros]
    add(tables.usage, [day, call.modelId, call.channelId], [1, ...outcomes, ...call.tokens, ...money])
    add(tables.people, [call.userId, day], [1, call.chargedMicros, call.vendorCostMicros])
    active.add(JSON.stringify([day, call.userId]))
    if (call.firstTokenMs !== null) add(tables.waits, [day, call.modelId, call.channelId], [1])
    if (!call.late) continue
    const lateDay = dateIn(zone, call.late.at)
    const cost = call.late.vendorCostMicros
    add(tables.usage, [lateDay, call.modelId, call.channelId], [...Array(12).fill(0), cost])
    add(tables.people, [call.userId, lateDay], [0, 0, cost])
  }
  for (const transfer of transfers) {
    const codeOf = (account: string) => (account.startsWith('0190') ? 'wallet' : account.replace('badDebt', 'bad_debt'))
    const key = [dateIn(zone, transfer.at), transfer.kind, codeOf(transfer.debit), codeOf(transfer.credit)]
    const brought = codeOf(transfer.credit) === 'wallet' ? transfer.source : null
    if (transfer.parts.length === 0) add(tables.ledger, [...key, brought], [transfer.amountMicros])
    for (const part of transfer.parts) add(tables.ledger, [...key, part.source], [part.micros])
  }
  const rowsOf = (table: Map<string, number[]>) =>
    [...table].map(([key, sums]) => JSON.stringify({ row: [...JSON.parse(key), ...sums] })).sort()
  const people = new Map<string, number>()
  for (const pair of active) people.set(JSON.parse(pair)[0], (people.get(JSON.parse(pair)[0]) ?? 0) + 1)
  return {
    usage: rowsOf(tables.usage),
    people: rowsOf(tables.people),
    waits: rowsOf(tables.waits),
    ledger: rowsOf(tables.ledger),
    active: [...people].map(([day, count]) => JSON.stringify({ row: [day, count] })).sort(),
  }
}

async function readKept() {
  return {
    usage: await kept(`
      SELECT json_build_array(day, model_id, channel_id, calls, stopped, interrupted, failed, empty, input_tokens,
        cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens, charged_micros, bad_debt_micros,
        vendor_cost_micros) AS row FROM usage_days`),
    people: await kept(
      'SELECT json_build_array(user_id, day, calls, charged_micros, vendor_cost_micros) AS row FROM person_days',
    ),
    waits: await kept(
      'SELECT json_build_array(day, model_id, channel_id, sum(calls)) AS row FROM latency_days GROUP BY day, model_id, channel_id',
    ),
    ledger: await kept(
      'SELECT json_build_array(day, kind, debit, credit, source, amount_micros) AS row FROM ledger_days',
    ),
    active: await kept('SELECT json_build_array(day, people) AS row FROM active_days'),
  }
}

async function expectNoDifference() {
  const checks = await verifyReports(ctx, WHOLE)
  expect(checks.map(({ name }) => name)).toEqual([
    'usage_days',
    'latency_days',
    'person_days',
    'active_days',
    'ledger_days',
  ])
  for (const check of checks) expect(check).toMatchObject({ differences: 0, samples: [] })
}

describe('sums', () => {
  it('are those of the rows, whatever happened, wherever the days begin and however the batches fall', async () => {
    const history = fc.record({
      calls: fc.array(pastCall(FROM, TO), { maxLength: 25 }),
      transfers: fc.array(pastTransfer(FROM, TO), { maxLength: 20 }),
      zone: fc.constantFrom(...ZONES),
      batchRows: fc.constantFrom(20, 50_000),
    })
    await fc.assert(
      fc
        .asyncProperty(history, async ({ calls, transfers, zone, ...pace }) => {
          await insertCalls(owner, calls)
          await insertTransfers(owner, transfers)
          await setSetting(ctx, { key: 'time_zone', value: zone })
          await sumAll(ctx, pace)
          expect(await readKept()).toEqual(expectedOf(calls, transfers, zone))
          await expectNoDifference()
        })
        .beforeEach(async () => {
          await owner.execute(sql`TRUNCATE usage_records, late_usage, transfers, lots, lot_uses CASCADE`)
          await owner.execute(sql`DELETE FROM report_progress`)
        }),
      { numRuns: 10 },
    )
  })

  it('of the same rows do not change when they are made again, also by several processes at once', async () => {
    const [calls, transfers] = sampleHistory()
    await insertCalls(owner, calls)
    await insertTransfers(owner, transfers)
    const rounds = async () => {
      for (let i = 0; i < 20; i++) await sumReports(ctx, { budgetMs: 20 })
    }
    await Promise.all(Array.from({ length: 6 }, rounds))
    await sumAll(ctx)
    const first = await readKept()
    expect(first).toEqual(expectedOf(calls, transfers, 'UTC'))
    expect(await sumReports(ctx)).toBe(false)
    expect(await readKept()).toEqual(first)
  })

  it('grow by what is new, and by nothing twice', async () => {
    const [calls, transfers] = sampleHistory()
    await insertCalls(owner, calls)
    await insertTransfers(owner, transfers)
    await sumAll(ctx, { graceSeconds: 0 })
    const more = calls.slice(0, 5).map((call) => ({ ...call, late: null }))
    await insertCalls(
      database.db,
      more.map(({ at: _at, ...call }) => call),
    )
    await sumAll(ctx, { graceSeconds: 0 })
    const now = await database.db.execute<{ now: Date }>(sql`SELECT max(created_at)::text AS now FROM usage_records`)
    const at = new Date(now.rows[0]!.now)
    expect((await readKept()).usage).toEqual(
      expectedOf([...calls, ...more.map((call) => ({ ...call, at }))], transfers, 'UTC').usage,
    )
  })
})

/** The same history each time. */
function sampleHistory(): [PastCall[], PastTransfer[]] {
  return [
    fc.sample(pastCall(FROM, TO), { numRuns: 60, seed: 42 }),
    fc.sample(pastTransfer(FROM, TO), { numRuns: 40, seed: 42 }),
  ]
}

describe('what is committed late', () => {
  it('is waited for: nothing that began before it is passed over', async () => {
    const [call] = fc.sample(pastCall(FROM, TO), { numRuns: 1, seed: 7 })
    const { at: _at, ...template } = { ...call!, late: null }
    await insertCalls(database.db, [template])
    await sumAll(ctx, { graceSeconds: 0 })
    const readCalls = async () => {
      const { rows } = await database.db.execute<{ calls: bigint }>(
        sql`SELECT sum(calls)::bigint AS calls FROM usage_days`,
      )
      return Number(rows[0]!.calls)
    }
    expect(await readCalls()).toBe(1)
    await runTransaction(database.db, async (slow) => {
      await slow.execute(sql`SELECT 1`)
      // Somebody else calls later and is done sooner.
      await insertCalls(database.db, [template])
      await insertCalls(slow, [template])
      await sumAll(ctx, { graceSeconds: 0 })
      expect(await readCalls()).toBe(1)
    })
    await sumAll(ctx, { graceSeconds: 0 })
    expect(await readCalls()).toBe(3)
    expect((await verifyReports(ctx, today())).every(({ differences }) => differences === 0)).toBe(true)
  })

  it('has half a minute for what nobody can see', async () => {
    const [call] = fc.sample(pastCall(FROM, TO), { numRuns: 1, seed: 7 })
    const { at: _at, ...template } = { ...call!, late: null }
    await insertCalls(database.db, [template])
    await sumAll(ctx)
    expect((await readKept()).usage).toEqual([])
  })
})

function today() {
  const day = new Date().toISOString().slice(0, 10)
  return { from: new Date(Date.parse(day) - 86_400_000).toISOString().slice(0, 10), to: day }
}

describe('another time zone', () => {
  it('counts everything anew, in days that begin elsewhere', async () => {
    const [calls, transfers] = sampleHistory()
    await insertCalls(owner, calls)
    await insertTransfers(owner, transfers)
    await sumAll(ctx)
    for (const zone of ['Asia/Kathmandu', 'America/Havana', 'UTC']) {
      await setSetting(ctx, { key: 'time_zone', value: zone })
      await sumAll(ctx)
      expect(await readKept()).toEqual(expectedOf(calls, transfers, zone))
      await expectNoDifference()
    }
  })

  it('shows how far it is, and two zones are never mixed', async () => {
    const [calls] = sampleHistory()
    await insertCalls(owner, calls)
    await sumAll(ctx)
    await setSetting(ctx, { key: 'time_zone', value: 'Asia/Kolkata' })
    expect(await sumReports(ctx, { budgetMs: 0 })).toBe(true)
    const progress = () =>
      database.db.execute(sql`SELECT name, time_zone, through::text FROM report_progress ORDER BY name`)
    expect((await progress()).rows).toEqual([
      { name: 'ledger', time_zone: 'Asia/Kolkata', through: '-infinity' },
      { name: 'usage', time_zone: 'Asia/Kolkata', through: '-infinity' },
    ])
    while ((await progress()).rows[1]!.through === '-infinity') await sumReports(ctx, { budgetMs: 0 })
    expect((await readKept()).usage).toEqual([])
    await sumAll(ctx, { batchRows: 10 })
    expect((await readKept()).usage).toEqual(expectedOf(calls, [], 'Asia/Kolkata').usage)
  })
})

describe('verifyReports', () => {
  it.each([
    [
      'usage_days',
      'UPDATE usage_days SET charged_micros = charged_micros + 1 WHERE ctid = (SELECT min(ctid) FROM usage_days)',
      2,
    ],
    ['usage_days', 'DELETE FROM usage_days WHERE ctid = (SELECT min(ctid) FROM usage_days)', 1],
    ['latency_days', 'UPDATE latency_days SET bucket = 999 WHERE ctid = (SELECT min(ctid) FROM latency_days)', 2],
    ['person_days', 'DELETE FROM person_days WHERE ctid = (SELECT min(ctid) FROM person_days)', 1],
    ['active_days', 'UPDATE active_days SET people = people + 1 WHERE ctid = (SELECT min(ctid) FROM active_days)', 2],
    [
      'ledger_days',
      'UPDATE ledger_days SET amount_micros = amount_micros - 1 WHERE ctid = (SELECT min(ctid) FROM ledger_days)',
      2,
    ],
  ])('names a sum in %s that is wrong', async (table, statement, differences) => {
    const [calls, transfers] = sampleHistory()
    await insertCalls(owner, calls)
    await insertTransfers(owner, transfers)
    await sumAll(ctx)
    await expectNoDifference()
    await database.db.execute(sql.raw(statement))
    const wrong = (await verifyReports(ctx, WHOLE)).filter((check) => check.differences > 0)
    expect(wrong).toMatchObject([{ name: table, differences }])
    expect(wrong[0]!.samples).toHaveLength(differences)
  })
})

describe('the job', () => {
  it('is for the service and for admins', async () => {
    const person: Ctx = { db: database.db, actor: { type: 'user', userId: newId(), role: 'user', sessionId: newId() } }
    const visitor: Ctx = { db: database.db, actor: { type: 'anonymous' } }
    await expect(sumReports(person)).rejects.toMatchObject({ code: 'forbidden' })
    await expect(sumReports(visitor)).rejects.toMatchObject({ code: 'unauthenticated' })
    await expect(verifyReports(person, WHOLE)).rejects.toMatchObject({ code: 'forbidden' })
    expect((await database.db.execute(sql`SELECT 1 FROM report_progress`)).rows).toEqual([])
  })

  it('leaves it to the process that is at it', async () => {
    await runTransaction(database.db, async (other) => {
      await other.execute(sql`SELECT pg_advisory_xact_lock(${ADVISORY_LOCKS.sumReports}::bigint)`)
      expect(await sumReports(ctx)).toBe(false)
    })
    expect((await database.db.execute(sql`SELECT 1 FROM report_progress`)).rows).toEqual([])
    expect(await sumReports(ctx)).toBe(false)
    expect((await database.db.execute(sql`SELECT 1 FROM report_progress`)).rows).toHaveLength(2)
  })
})
