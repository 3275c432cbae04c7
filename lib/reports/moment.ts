import { type SQL, sql } from 'drizzle-orm'
import { runTransaction, type Transaction } from '#db/client.ts'
import type { Ctx } from '#lib/ctx.ts'
import { getSetting } from '#lib/settings/index.ts'
import { todayIn } from '#lib/time-zone.ts'
import { columnList, latencySums, ledgerSums, personSums, USAGE_SUMS, usageSums } from './sums.ts'

/** Until when the sums are complete, while they are being counted anew or the service was away; null before the first. */
export type Counting = { through: Date | null }

/** One state of the database, and what is needed to read sums that are right to the second. */
export type Moment = {
  ctx: Ctx
  /** Where the days of the sums begin. */
  timeZone: string
  /** The day it is there. */
  today: string
  /** From when on there are no sums yet, and rows are added up as they are. */
  usageFrom: string
  ledgerFrom: string
  counting: Counting | null
}

// What the job has not yet taken in is added up on reading; after a pause or a change of time zone that could be all
// there is, so no more than a day of it.
const READ_AT_MOST = sql`interval '24 hours'`

/** Reads in one snapshot: the sums and what is not in them yet fit together, whatever the job does meanwhile. */
export async function atOneMoment<T>(ctx: Ctx, work: (moment: Moment) => Promise<T>): Promise<T> {
  if ('rollback' in ctx.db) return work(await readMoment(ctx))
  return runTransaction(ctx.db, async (tx: Transaction) => {
    await tx.execute(sql`SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY`)
    // Compiling these plans takes longer than running them.
    await tx.execute(sql`SET LOCAL jit = off`)
    return work(await readMoment({ ...ctx, db: tx }))
  })
}

async function readMoment(ctx: Ctx): Promise<Moment> {
  const { rows } = await ctx.db.execute<{
    name: string
    time_zone: string
    through: number | null
    is_behind: boolean
    read_from: string
  }>(sql`
    SELECT name, time_zone, extract(epoch FROM nullif(through, '-infinity'))::float8 AS through,
      through < now() - ${READ_AT_MOST} AS is_behind, greatest(through, now() - ${READ_AT_MOST})::text AS read_from
    FROM report_progress`)
  const usage = rows.find(({ name }) => name === 'usage')
  const ledger = rows.find(({ name }) => name === 'ledger')
  const timeZone = usage?.time_zone ?? (await getSetting(ctx, 'time_zone'))
  const now = await ctx.db.execute<{ today: string; read_from: string }>(sql`
    SELECT ${todayIn(timeZone)}::text AS today, (now() - ${READ_AT_MOST})::text AS read_from`)
  const { today, read_from: readFrom } = now.rows[0]!
  const behind = [usage, ledger].filter((progress) => !progress || progress.is_behind)
  const reached = behind.map((progress) => progress?.through ?? null)
  return {
    ctx,
    timeZone,
    today,
    usageFrom: usage?.read_from ?? readFrom,
    ledgerFrom: ledger?.read_from ?? readFrom,
    counting: behind.length === 0 ? null : { through: earliestOf(reached) },
  }
}

function earliestOf(seconds: (number | null)[]): Date | null {
  return seconds.includes(null) ? null : new Date(Math.min(...seconds.map(Number)) * 1000)
}

/** `usage_days` with what is not in it yet, as it stands behind FROM; a day, model and channel may come twice. */
export function usageDaysOf({ timeZone, usageFrom: from }: Moment): SQL {
  return both('usage_days', ['day', 'model_id', 'channel_id', ...USAGE_SUMS], usageSums({ timeZone, from }))
}

/** The same for `latency_days`. */
export function latencyDaysOf({ timeZone, usageFrom: from }: Moment): SQL {
  const columns = ['day', 'model_id', 'channel_id', 'bucket', 'calls']
  return both('latency_days', columns, latencySums({ timeZone, from }))
}

/** The same for `person_days`. */
export function personDaysOf({ timeZone, usageFrom: from }: Moment): SQL {
  const columns = ['user_id', 'day', 'calls', 'charged_micros', 'vendor_cost_micros']
  return both('person_days', columns, personSums({ timeZone, from }))
}

/** People by day whose calls are not in the sums yet. */
export function recentPersonDaysOf({ timeZone, usageFrom: from }: Moment): SQL {
  return personSums({ timeZone, from })
}

/** The same for `ledger_days`. */
export function ledgerDaysOf({ timeZone, ledgerFrom: from }: Moment): SQL {
  const columns = ['day', 'kind', 'debit', 'credit', 'source', 'amount_micros']
  return both('ledger_days', columns, ledgerSums({ timeZone, from }))
}

function both(table: string, columns: readonly string[], recent: SQL): SQL {
  const listed = columnList(columns)
  return sql`(SELECT ${listed} FROM ${sql.identifier(table)} UNION ALL SELECT ${listed} FROM ${recent} recent)`
}
