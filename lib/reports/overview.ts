import { sql } from 'drizzle-orm'
import { z } from 'zod'
import { type Ctx, requireAdmin } from '#lib/ctx.ts'
import { getSetting } from '#lib/settings/index.ts'
import { countPeople, readActiveByDay } from './active-people.ts'
import { type FirstToken, NO_LATENCY, readLatency } from './latency.ts'
import { readLedger, type UsedCredits } from './ledger-figures.ts'
import { CALL_SUMS, type CallSums, type CallSumsRow, toCallSums } from './margins.ts'
import { atOneMoment, type Counting, type Moment, usageDaysOf } from './moment.ts'
import { type MoneyDay, type OtherMoney, readMoney, sumMoney } from './money.ts'
import { periodInput } from './period-input.ts'
import { listDays, type Period, periodBefore, periodOf, RANGES } from './shared.ts'
import { USAGE_SUMS } from './sums.ts'

/** What a period came to. Money is in the site's currency and its smallest unit, credits are micro-credits. */
export type Figures = CallSums &
  FirstToken & {
    /** Paid in, given back, and taken back by banks; what is left is the sum of these. */
    paidMinor: bigint
    refundedMinor: bigint
    disputedMinor: bigint
    orders: number
    /** Credits issued for money, and those taken back with it. */
    soldMicros: bigint
    takenBackMicros: bigint
    givenMicros: bigint
    expiredMicros: bigint
    /** What calls took out of wallets, by where the credits had come from. */
    used: UsedCredits
    usedMicros: bigint
    /** Still in wallets when the period was over, and of that what was paid for. */
    owedMicros: bigint
    owedPaidMicros: bigint
    /** Used credits that had been paid for: what was earned. */
    revenueMicros: bigint
    /** Revenue less vendor cost: what given credits cost us is in it. */
    earnedMicros: bigint
    activePeople: number
  }

export type DayFigures = CallSums &
  FirstToken & {
    day: string
    paidMinor: bigint
    refundedMinor: bigint
    disputedMinor: bigint
    used: UsedCredits
    usedMicros: bigint
    activePeople: number
  }

export type GroupFigures = CallSums & FirstToken & { id: string | null; name: string | null }

/** A rate at which a vendor's prices were converted, and the day it is of. */
export type ExchangeRate = { currency: string; rate: string; date: string | null; models: number }

export type Overview = {
  /** Where the days begin at midnight. */
  timeZone: string
  today: string
  period: Period
  periodBefore: Period
  /** ISO 4217; a credit is worth one unit of it at list price. */
  currency: string
  now: Figures
  before: Figures
  /** Every day of the period. */
  byDay: DayFigures[]
  /** What brought most first; the channel of the demo model and of calls that broke off has no id. */
  byModel: GroupFigures[]
  byChannel: GroupFigures[]
  /** Paid in other currencies, which is in none of the figures. */
  otherMoney: OtherMoney[]
  rates: ExchangeRate[]
  counting: Counting | null
  /** True while nobody has called or paid, ever. */
  isNew: boolean
}

const overviewInput = z.union([z.object({ range: z.enum(RANGES) }), periodInput])

export type OverviewInput = z.input<typeof overviewInput>

const GROUPS_MAX = 1_000

/**
 * What a period came to and the one before it, by day, by model and by channel; all from one state of the database,
 * with what was committed until now. Admins and the service only.
 * @param input a named range, or first and last day in the site's time zone
 */
export async function getOverview(ctx: Ctx, input: OverviewInput): Promise<Overview> {
  requireAdmin(ctx)
  const chosen = overviewInput.parse(input)
  return atOneMoment(ctx, async (moment) => {
    const period = 'range' in chosen ? periodOf(chosen.range, moment.today) : chosen
    const earlier = periodBefore(period)
    const currency = await getSetting(moment.ctx, 'site_currency')
    const usage = await readUsage(moment, period, earlier)
    const latency = await readLatency(moment, period, earlier)
    const ledger = await readLedger(moment, period, earlier)
    const money = await readMoney(moment, { now: period, before: earlier }, currency)
    const people = { now: await readActiveByDay(moment, period), before: await readActiveByDay(moment, earlier) }
    const figures = async (which: 'now' | 'before'): Promise<Figures> => {
      const part = which === 'now' ? period : earlier
      const calls = usage[which]
      const credits = ledger[which]
      return {
        ...calls,
        ...latency[which],
        ...sumMoney(money.byDay, part),
        ...credits,
        revenueMicros: credits.used.paidMicros,
        earnedMicros: credits.used.paidMicros - calls.vendorCostMicros,
        activePeople: await countPeople(moment, part, people[which]),
      }
    }
    const [now, before] = [await figures('now'), await figures('before')]
    const nothing: MoneyDay = { day: '', paidMinor: 0n, refundedMinor: 0n, disputedMinor: 0n, orders: 0 }
    return {
      timeZone: moment.timeZone,
      today: moment.today,
      period,
      periodBefore: earlier,
      currency,
      now,
      before,
      byDay: listDays(period).map((day) => {
        const { paidMinor, refundedMinor, disputedMinor } = money.byDay.get(day) ?? nothing
        return {
          day,
          ...(usage.byDay.get(day) ?? NO_CALLS),
          ...(latency.byDay.get(day) ?? NO_LATENCY),
          ...{ paidMinor, refundedMinor, disputedMinor },
          ...(ledger.byDay.get(day) ?? NO_USE),
          activePeople: people.now.get(day) ?? 0,
        }
      }),
      byModel: usage.byModel.map((row) => ({ ...row, ...(latency.byModel.get(row.id) ?? NO_LATENCY) })),
      byChannel: usage.byChannel.map((row) => ({ ...row, ...(latency.byChannel.get(row.id) ?? NO_LATENCY) })),
      otherMoney: money.other,
      rates: await readRates(moment, period, currency),
      counting: moment.counting,
      isNew: now.calls + before.calls + now.orders === 0 && (await isUntouched(moment)),
    }
  })
}

const NO_USE = { used: { paidMicros: 0n, promotionalMicros: 0n, codeMicros: 0n }, usedMicros: 0n }
const NO_CALLS = toCallSums(Object.fromEntries(USAGE_SUMS.map((name) => [name, 0n])) as CallSumsRow)

type Group = CallSums & { id: string | null; name: string | null }

type UsageRow = CallSumsRow & {
  is_now: boolean | null
  day: string | null
  model_id: string | null
  channel_id: string | null
  name: string | null
  grouped_by: number
}

// Bits of GROUPING(is_now, day, model_id, channel_id): set for what a row is a sum over.
const BY = { period: 0b0111, day: 0b1011, model: 0b1101, channel: 0b1110 }

async function readUsage(moment: Moment, period: Period, earlier: Period) {
  const { rows } = await moment.ctx.db.execute<UsageRow>(sql`
    WITH days AS (
      SELECT d.*, d.day >= ${period.from}::date AS is_now FROM ${usageDaysOf(moment)} d
      WHERE d.day BETWEEN ${earlier.from}::date AND ${period.to}::date
    ), sums AS (
      SELECT is_now, NULL::date AS day, NULL::text AS model_id, NULL::uuid AS channel_id, ${BY.period}::int AS grouped_by,
        ${CALL_SUMS}
      FROM days GROUP BY is_now
      UNION ALL
      SELECT NULL, day, model_id, channel_id, GROUPING(day, model_id, channel_id) + 8, ${CALL_SUMS}
      FROM days WHERE is_now GROUP BY GROUPING SETS ((day), (model_id), (channel_id))
    )
    SELECT s.*, s.day::text AS day, coalesce(m.display_name, c.name, s.model_id) AS name
    FROM sums s LEFT JOIN models m ON m.id = s.model_id LEFT JOIN channels c ON c.id = s.channel_id
    ORDER BY s.charged_micros DESC, s.calls DESC, name LIMIT ${GROUPS_MAX + 366 + 2}`)
  const of = (grouping: number) => rows.filter((row) => row.grouped_by === grouping)
  const total = (isNow: boolean) => {
    const row = of(BY.period).find((one) => one.is_now === isNow)
    return row ? toCallSums(row) : NO_CALLS
  }
  const group = (row: UsageRow, id: string | null): Group => ({ id, name: row.name, ...toCallSums(row) })
  return {
    now: total(true),
    before: total(false),
    byDay: new Map(of(BY.day).map((row) => [row.day!, toCallSums(row)])),
    byModel: of(BY.model).map((row) => group(row, row.model_id)),
    byChannel: of(BY.channel).map((row) => group(row, row.channel_id)),
  }
}

/** The rates behind the prices that were in force in a period, for models whose vendors ask another currency. */
async function readRates(moment: Moment, { from, to }: Period, currency: string): Promise<ExchangeRate[]> {
  const zone = moment.timeZone
  const { rows } = await moment.ctx.db.execute<{ currency: string; rate: string; date: string | null; models: bigint }>(
    sql`
    SELECT source_currency AS currency, trim_scale(exchange_rate)::text AS rate, exchange_rate_date::text AS date,
      count(DISTINCT model_id) AS models
    FROM price_versions
    WHERE source_currency <> ${currency} AND exchange_rate IS NOT NULL
      AND valid_during && tstzrange(${from}::date::timestamp AT TIME ZONE ${zone}::text,
        (${to}::date + 1)::timestamp AT TIME ZONE ${zone}::text)
    GROUP BY 1, exchange_rate, exchange_rate_date ORDER BY exchange_rate_date DESC NULLS LAST, 1, 2 LIMIT 20`,
  )
  return rows.map((row) => ({ ...row, models: Number(row.models) }))
}

/** What people are given to begin with is no beginning yet. */
async function isUntouched({ ctx, usageFrom }: Moment): Promise<boolean> {
  const { rows } = await ctx.db.execute<{ is_untouched: boolean }>(sql`
    SELECT NOT (EXISTS (SELECT 1 FROM usage_days)
      OR EXISTS (SELECT 1 FROM usage_records WHERE created_at >= ${usageFrom}::timestamptz)
      OR EXISTS (SELECT 1 FROM orders WHERE paid_at IS NOT NULL)) AS is_untouched`)
  return rows[0]!.is_untouched
}
