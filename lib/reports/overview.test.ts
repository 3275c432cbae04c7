import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Database } from '#db/client.ts'
import { type Ctx, systemCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { LOT_USES } from '#lib/ledger/index.ts'
import {
  getHouseBalances,
  getModelMargins,
  getOverview,
  getPersonTotals,
  type Overview,
  sumReports,
} from '#lib/reports/index.ts'
import { setSetting } from '#lib/settings/index.ts'
import { createBuyer, createOrder } from '#tests/support/orders.ts'
import {
  CHANNELS,
  createHistoryDatabase,
  type HistoryDatabase,
  insertCalls,
  insertTransfers,
  PEOPLE,
  pastCall,
  pastTransfer,
  sumAll,
} from '#tests/support/report-rows.ts'
import { countByDays, countByPeople } from './active-people.ts'
import { atOneMoment } from './moment.ts'

let database: HistoryDatabase
let owner: Database
let ctx: Ctx
beforeAll(async () => {
  database = await createHistoryDatabase()
  owner = database.owner
  ctx = systemCtx('test', database.db)
})
afterAll(() => database.close())

const ZONE = 'Asia/Kathmandu'
const PERIOD = { from: '2026-03-11', to: '2026-03-20' }
const BEFORE = { from: '2026-03-01', to: '2026-03-10' }
const [FROM, TO] = [new Date('2026-02-24'), new Date('2026-03-24')]

beforeEach(async () => {
  await owner.execute(sql`TRUNCATE usage_records, late_usage, transfers, lots, lot_uses, report_progress, usage_days,
    latency_days, person_days, active_days, ledger_days, orders, refunds, disputes, settings, price_versions, models,
    channels CASCADE`)
})

async function playHistory() {
  await setSetting(ctx, { key: 'time_zone', value: ZONE })
  await owner.execute(sql`
    INSERT INTO models (id, display_name, vendor, context_tokens, max_output_tokens)
    VALUES ('model-a', 'Model A', 'v', 1000, 1000), ('model-b', 'Model B', 'v', 1000, 1000)`)
  await owner.execute(sql`
    INSERT INTO channels (id, name, vendor, base_url) VALUES (${CHANNELS[1]}, 'Channel 1', 'v', 'http://x')`)
  await insertCalls(owner, fc.sample(pastCall(FROM, TO), { numRuns: 400, seed: 1 }))
  await insertTransfers(owner, fc.sample(pastTransfer(FROM, TO), { numRuns: 300, seed: 2 }))
  await sumAll(ctx)
}

/** The day of an instant, as the tests' own SQL has it. */
const on = (column: string) => sql.raw(`to_char(${column} AT TIME ZONE '${ZONE}', 'YYYY-MM-DD')`)
const within = (column: string, { from, to }: { from: string; to: string }) =>
  sql`${on(column)} >= ${from} AND ${on(column)} <= ${to}`

/** The first row of a statement, its whole numbers as bigint. */
async function one(statement: ReturnType<typeof sql>): Promise<Record<string, bigint>> {
  return (await owner.execute<Record<string, bigint>>(statement)).rows[0]!
}

const callsSql = (where: ReturnType<typeof sql>, late: ReturnType<typeof sql>) => sql`
  SELECT count(*) AS calls, count(*) FILTER (WHERE outcome IN ('failed', 'interrupted', 'empty')) AS errors,
    count(*) FILTER (WHERE outcome = 'stopped') AS stopped, coalesce(sum(input_tokens), 0)::bigint AS input,
    coalesce(sum(cache_read_tokens), 0)::bigint AS read, coalesce(sum(cache_write_tokens), 0)::bigint AS write,
    coalesce(sum(output_tokens), 0)::bigint AS output, coalesce(sum(reasoning_tokens), 0)::bigint AS reasoning,
    coalesce(sum(charged_micros), 0)::bigint AS charged, coalesce(sum(bad_debt_micros), 0)::bigint AS bad_debt,
    (coalesce(sum(vendor_cost_micros), 0)
      + (SELECT coalesce(sum(vendor_cost_micros), 0) FROM late_usage l WHERE ${late}))::bigint AS cost
  FROM usage_records u WHERE ${where}`

const told = (sums: Overview['now'] | Overview['byDay'][number] | Overview['byModel'][number]) => ({
  calls: BigInt(sums.calls),
  errors: BigInt(sums.errors),
  stopped: BigInt(sums.stopped),
  input: BigInt(sums.inputTokens),
  read: BigInt(sums.cacheReadTokens),
  write: BigInt(sums.cacheWriteTokens),
  output: BigInt(sums.outputTokens),
  reasoning: BigInt(sums.reasoningTokens),
  charged: sums.chargedMicros,
  bad_debt: sums.badDebtMicros,
  cost: sums.vendorCostMicros,
})

const isWallet = (side: string) => `NOT EXISTS (SELECT 1 FROM accounts a WHERE a.id = t.${side}_account_id)`
const isHouse = (side: string, code: string) =>
  `t.${side}_account_id = (SELECT a.id FROM accounts a WHERE a.code = '${code}')`
const movedSql = (from: string, to: string) =>
  sql.raw(`SELECT coalesce(sum(t.amount_micros), 0)::bigint AS sum
  FROM transfers t WHERE ${from} AND ${to} AND `)

describe('an overview', () => {
  beforeEach(playHistory)

  it('counts calls, tokens and costs as the receipts do: together, by day, by model and by channel', async () => {
    const overview = await getOverview(ctx, PERIOD)
    expect(overview).toMatchObject({
      timeZone: ZONE,
      period: PERIOD,
      periodBefore: BEFORE,
      counting: null,
      isNew: false,
    })
    const both = (days: typeof PERIOD) => callsSql(within('u.created_at', days), within('l.created_at', days))
    expect(told(overview.now)).toEqual(await one(both(PERIOD)))
    expect(told(overview.before)).toEqual(await one(both(BEFORE)))
    expect(overview.now.calls).toBeGreaterThan(100)
    expect(overview.byDay.map(({ day }) => day)).toEqual(Array.from({ length: 10 }, (_, i) => `2026-03-${11 + i}`))
    for (const day of overview.byDay) expect(told(day)).toEqual(await one(both({ from: day.day, to: day.day })))
    expect(overview.byModel.map(({ id, name }) => [id, name]).sort()).toEqual([
      ['model-a', 'Model A'],
      ['model-b', 'Model B'],
      ['model-c', 'model-c'],
    ])
    for (const model of overview.byModel) {
      const where = (table: string, column: string) =>
        sql`${within(column, PERIOD)} AND ${sql.raw(table)}.model_id = ${model.id}`
      expect(told(model)).toEqual(await one(callsSql(where('u', 'u.created_at'), where('l', 'l.created_at'))))
    }
    expect(overview.byChannel.map(({ id, name }) => [id, name])).toEqual(
      expect.arrayContaining([
        [null, null],
        [CHANNELS[1], 'Channel 1'],
        [CHANNELS[2], null],
      ]),
    )
    for (const channel of overview.byChannel) {
      const where = (table: string, column: string) =>
        sql`${within(column, PERIOD)} AND ${sql.raw(table)}.channel_id IS NOT DISTINCT FROM ${channel.id}::uuid`
      expect(told(channel)).toEqual(await one(callsSql(where('u', 'u.created_at'), where('l', 'l.created_at'))))
    }
  })

  it('tells within five per cent how long the first token took', async () => {
    const overview = await getOverview(ctx, PERIOD)
    const compare = async (ms: { p50Ms: number | null; p95Ms: number | null }, where: ReturnType<typeof sql>) => {
      const exact = await one(sql`
        SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY first_token_ms) AS p50,
          percentile_disc(0.95) WITHIN GROUP (ORDER BY first_token_ms) AS p95
        FROM usage_records u WHERE first_token_ms IS NOT NULL AND ${where}`)
      for (const [told, real] of [
        [ms.p50Ms, exact.p50],
        [ms.p95Ms, exact.p95],
      ] as const) {
        if (real === null) expect(told).toBeNull()
        else expect(Math.abs(told! - Number(real))).toBeLessThanOrEqual(1 + Number(real) * 0.05)
      }
    }
    await compare(overview.now, within('u.created_at', PERIOD))
    await compare(overview.before, within('u.created_at', BEFORE))
    for (const day of overview.byDay) await compare(day, within('u.created_at', { from: day.day, to: day.day }))
    for (const model of overview.byModel)
      await compare(model, sql`${within('u.created_at', PERIOD)} AND model_id = ${model.id}`)
    for (const { id, ...channel } of overview.byChannel) {
      await compare(channel, sql`${within('u.created_at', PERIOD)} AND channel_id IS NOT DISTINCT FROM ${id}::uuid`)
    }
  })

  it('counts each person once in a period, in either way of counting', async () => {
    const people = (days: typeof PERIOD) =>
      one(sql`SELECT count(DISTINCT user_id) AS count FROM usage_records u WHERE ${within('u.created_at', days)}`)
    for (const days of [
      PERIOD,
      BEFORE,
      { from: '2026-03-15', to: '2026-03-15' },
      { from: '2025-01-01', to: '2025-02-01' },
    ]) {
      const count = Number((await people(days)).count)
      expect((await getOverview(ctx, days)).now.activePeople).toBe(count)
      await atOneMoment(ctx, async (moment) => {
        expect(await countByDays(moment, days)).toBe(count)
        expect(await countByPeople(moment, days)).toBe(count)
      })
    }
    for (const { day, activePeople } of (await getOverview(ctx, PERIOD)).byDay) {
      expect(activePeople).toBe(Number((await people({ from: day, to: day })).count))
    }
  })

  it('tells of the credits what the books do', async () => {
    const overview = await getOverview(ctx, PERIOD)
    for (const [figures, days] of [
      [overview.now, PERIOD],
      [overview.before, BEFORE],
    ] as const) {
      const sum = async (from: string, to: string) =>
        (await one(sql`${movedSql(from, to)} ${within('t.created_at', days)}`)).sum
      expect(figures.soldMicros).toBe(await sum(isHouse('debit', 'clearing'), isWallet('credit')))
      expect(figures.takenBackMicros).toBe(await sum(isWallet('debit'), isHouse('credit', 'clearing')))
      const given = [isHouse('debit', 'promotions'), isHouse('debit', 'goodwill')]
      const [promoted, goodwill] = await Promise.all(given.map((from) => sum(from, isWallet('credit'))))
      expect(figures.givenMicros).toBe(promoted! + goodwill!)
      expect(figures.expiredMicros).toBe(await sum(isWallet('debit'), isHouse('credit', 'expired')))
      const used = (source: string) => sql`
        SELECT coalesce(sum(u.amount_micros), 0)::bigint AS sum FROM ${LOT_USES} u
        JOIN lots l ON l.wallet_id = u.wallet_id AND l.transfer_id = u.lot_transfer_id
        JOIN transfers t ON t.id = u.transfer_id
        WHERE t.kind = 'usage' AND l.source = ${source} AND ${within('t.created_at', days)}`
      const [paid, promotional, code] = await Promise.all(['paid', 'promotional', 'code'].map((s) => one(used(s))))
      const parts = { paidMicros: paid!.sum, promotionalMicros: promotional!.sum, codeMicros: code!.sum }
      expect(figures.used).toEqual(parts)
      expect(figures.usedMicros).toBe(paid!.sum! + promotional!.sum! + code!.sum!)
      expect(figures.revenueMicros).toBe(paid!.sum)
      expect(figures.earnedMicros).toBe(paid!.sum! - figures.vendorCostMicros)
      const until = sql`${on('t.created_at')} <= ${days.to}`
      const came = await one(sql`${movedSql('true', isWallet('credit'))} ${until}`)
      const went = await one(sql`${movedSql('true', isWallet('debit'))} ${until}`)
      expect(figures.owedMicros).toBe(came.sum! - went.sum!)
    }
    for (const day of overview.byDay) {
      const used = await one(sql`${movedSql("t.kind = 'usage'", 'true')} ${on('t.created_at')} = ${day.day}`)
      expect(day.usedMicros).toBe(used.sum)
    }
  })

  it('tells of the money what the orders do, in the currency of the site', async () => {
    const buyer = await createBuyer(database)
    const pay = (at: string, paidMinor: bigint, paidCurrency = 'USD') =>
      createOrder(buyer, {
        state: paidCurrency === 'USD' ? 'paid' : 'review',
        paidMinor,
        paidCurrency,
        paidAt: new Date(at),
      })
    // Midnight in Kathmandu is 18:15 the day before.
    const first = await pay('2026-03-10T18:15:00Z', 1_000n)
    await pay('2026-03-10T18:14:59Z', 200n)
    await pay('2026-03-20T18:14:59Z', 30n)
    await pay('2026-03-20T18:15:00Z', 4n)
    await pay('2026-03-15T00:00:00Z', 777n, 'EUR')
    await owner.execute(sql`
      INSERT INTO refunds (id, order_id, amount_minor, state, created_at) VALUES
        ('r1', ${first.id}, 100, 'succeeded', '2026-03-12'), ('r2', ${first.id}, 20, 'pending', '2026-03-13'),
        ('r3', ${first.id}, 500, 'failed', '2026-03-13'), ('r4', ${first.id}, 3, 'succeeded', '2026-03-05')`)
    await owner.execute(sql`
      INSERT INTO disputes (id, order_id, amount_minor, state, withdrawn_minor, reinstated_minor, created_at) VALUES
        ('d1', ${first.id}, 70, 'open', 70, 0, '2026-03-14'), ('d2', ${first.id}, 9, 'won', 9, 9, '2026-03-14'),
        ('d3', ${first.id}, 8, 'inquiry', 0, 0, '2026-03-14')`)
    const { now, before, byDay, otherMoney, currency } = await getOverview(ctx, PERIOD)
    expect(currency).toBe('USD')
    expect(now).toMatchObject({ paidMinor: 1_030n, refundedMinor: 120n, disputedMinor: 70n, orders: 2 })
    expect(before).toMatchObject({ paidMinor: 200n, refundedMinor: 3n, disputedMinor: 0n, orders: 1 })
    expect(otherMoney).toEqual([{ currency: 'EUR', minor: 777n }])
    const days = byDay.filter(
      ({ paidMinor, refundedMinor, disputedMinor }) => paidMinor + refundedMinor + disputedMinor > 0n,
    )
    expect(
      days.map(({ day, paidMinor, refundedMinor, disputedMinor }) => [day, paidMinor, refundedMinor, disputedMinor]),
    ).toEqual([
      ['2026-03-11', 1_000n, 0n, 0n],
      ['2026-03-12', 0n, 100n, 0n],
      ['2026-03-13', 0n, 20n, 0n],
      ['2026-03-14', 0n, 0n, 70n],
      ['2026-03-20', 30n, 0n, 0n],
    ])
  })

  it('names the exchange rates behind the prices of its days', async () => {
    const price = (during: string, currency: string | null, rate: string | null) =>
      owner.execute(sql`
        INSERT INTO price_versions (id, model_id, valid_during, input_micros, cache_read_micros, cache_write_micros,
          output_micros, reasoning_micros, cost_input_micros, cost_cache_read_micros, cost_cache_write_micros,
          cost_output_micros, cost_reasoning_micros, source_currency, exchange_rate, exchange_rate_date, created_by)
        VALUES (${newId()}, 'model-a', ${during}::tstzrange, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, ${currency}, ${rate},
          '2026-01-01', 'test')`)
    await price('[2026-01-01,2026-02-01)', 'CNY', '0.2')
    await price('[2026-02-01,2026-03-15)', 'CNY', '0.140')
    await price('[2026-03-15,2026-03-18)', 'USD', '1')
    await price('[2026-03-18,2026-03-25)', null, null)
    await price('[2026-03-25,)', 'CNY', '0.3')
    expect((await getOverview(ctx, PERIOD)).rates).toEqual([
      { currency: 'CNY', rate: '0.14', date: '2026-01-01', models: 1 },
    ])
  })
})

describe('what is not in the sums yet', () => {
  it('is added on reading, so that a call shows at once and counts once when the job has come round', async () => {
    const [call] = fc.sample(pastCall(FROM, TO), { numRuns: 1, seed: 3 })
    const { at: _at, ...template } = { ...call!, late: null, chargedMicros: 11, vendorCostMicros: 4, firstTokenMs: 800 }
    const figures = async () => {
      const { now, byDay, byModel } = await getOverview(ctx, { range: 'today' })
      return [now.calls, now.chargedMicros, now.activePeople, byDay[0]!.activePeople, byModel[0]?.calls ?? 0, now.p50Ms]
    }
    expect(await figures()).toEqual([0, 0n, 0, 0, 0, null])
    await insertCalls(database.db, [template])
    expect(await figures()).toEqual([1, 11n, 1, 1, 1, 819])
    await sumReports(ctx, { graceSeconds: 0 })
    expect(await figures()).toEqual([1, 11n, 1, 1, 1, 819])
    await insertCalls(database.db, [template, { ...template, userId: PEOPLE[4]! }])
    const people = new Set([template.userId, PEOPLE[4]!]).size
    expect(await figures()).toEqual([3, 33n, people, people, 3, 819])
    await sumReports(ctx, { graceSeconds: 0 })
    expect(await figures()).toEqual([3, 33n, people, people, 3, 819])
    expect((await getModelMargins(ctx))[0]).toMatchObject({ calls: 3, marginMicros: 21n })
  })

  it('is not read when it is more than a day of it; the reader is told how far the sums go', async () => {
    await playHistory()
    await database.db.execute(sql`UPDATE report_progress SET through = '2026-03-15'`)
    expect((await getOverview(ctx, PERIOD)).counting).toEqual({ through: new Date('2026-03-15') })
    await database.db.execute(sql`UPDATE report_progress SET through = '-infinity' WHERE name = 'ledger'`)
    expect((await getOverview(ctx, PERIOD)).counting).toEqual({ through: null })
  })

  it('is nothing in a new service', async () => {
    const given = fc.sample(pastTransfer(FROM, TO), { numRuns: 40, seed: 4 }).filter(({ kind }) => kind === 'grant')
    await insertTransfers(owner, given)
    await sumAll(ctx)
    expect(await getOverview(ctx, PERIOD)).toMatchObject({ isNew: true })
    const overview = await getOverview(ctx, { range: 'today' })
    expect(overview).toMatchObject({ isNew: true, byModel: [], byChannel: [], otherMoney: [], rates: [] })
    expect(overview.byDay).toHaveLength(1)
    expect(overview.now).toMatchObject({ calls: 0, activePeople: 0, paidMinor: 0n, p50Ms: null })
  })
})

describe('for other pages', () => {
  beforeEach(playHistory)

  it('each model has its margin', async () => {
    const margins = await getModelMargins(ctx, PERIOD)
    const { byModel } = await getOverview(ctx, PERIOD)
    expect(margins.map(({ modelId, marginMicros }) => [modelId, marginMicros])).toEqual(
      byModel.map(({ id, chargedMicros, vendorCostMicros }) => [id, chargedMicros - vendorCostMicros]),
    )
  })

  it('each person has their totals', async () => {
    for (const userId of PEOPLE) {
      const expected = await one(sql`
        SELECT count(*) AS calls, sum(charged_micros)::bigint AS charged,
          (sum(vendor_cost_micros) + (SELECT coalesce(sum(vendor_cost_micros), 0) FROM late_usage WHERE user_id = ${userId}))::bigint AS cost,
          count(DISTINCT ${on('created_at')}) AS days, min(${on('created_at')}) AS first, max(${on('created_at')}) AS last
        FROM usage_records WHERE user_id = ${userId}`)
      const totals = await getPersonTotals(ctx, { userId })
      expect(totals).toMatchObject({
        ever: {
          calls: Number(expected.calls),
          chargedMicros: expected.charged,
          vendorCostMicros: expected.cost,
          marginMicros: expected.charged! - expected.cost!,
          activeDays: Number(expected.days),
        },
        recent: { calls: 0 },
        firstDay: expected.first,
        lastDay: expected.last,
      })
    }
    const nobody = { calls: 0, chargedMicros: 0n, vendorCostMicros: 0n, marginMicros: 0n, activeDays: 0 }
    expect(await getPersonTotals(ctx, { userId: newId() })).toEqual({
      ever: nobody,
      recent: nobody,
      firstDay: null,
      lastDay: null,
    })
  })

  it('each account of the house has its balance, and all come to zero', async () => {
    const balances = await getHouseBalances(ctx)
    expect(balances.reduce((sum, { balanceMicros }) => sum + balanceMicros, 0n)).toBe(0n)
    for (const { accountId, code, inMicros, outMicros, balanceMicros } of balances.slice(1)) {
      const { came, went } = await one(sql`
        SELECT coalesce(sum(amount_micros) FILTER (WHERE credit_account_id = ${accountId}), 0)::bigint AS came,
          coalesce(sum(amount_micros) FILTER (WHERE debit_account_id = ${accountId}), 0)::bigint AS went FROM transfers`)
      expect([code, inMicros, outMicros, balanceMicros]).toEqual([code, came, went, came! - went!])
    }
    expect(balances.map(({ code }) => code)).toContain('bad_debt')
  })
})

it('is for admins alone, and no period is longer than a year', async () => {
  const person: Ctx = { db: database.db, actor: { type: 'user', userId: newId(), role: 'user', sessionId: newId() } }
  const visitor: Ctx = { db: database.db, actor: { type: 'anonymous' } }
  for (const [who, code] of [
    [person, 'forbidden'],
    [visitor, 'unauthenticated'],
  ] as const) {
    await expect(getOverview(who, PERIOD)).rejects.toMatchObject({ code })
    await expect(getModelMargins(who)).rejects.toMatchObject({ code })
    await expect(getPersonTotals(who, { userId: newId() })).rejects.toMatchObject({ code })
    await expect(getHouseBalances(who)).rejects.toMatchObject({ code })
  }
  await expect(getOverview(ctx, { from: '2025-01-01', to: '2026-01-02' })).rejects.toThrow()
  await expect(getOverview(ctx, { from: '2026-01-02', to: '2026-01-01' })).rejects.toThrow()
})
