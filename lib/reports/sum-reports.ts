import { type SQL, sql } from 'drizzle-orm'
import { z } from 'zod'
import { ADVISORY_LOCKS } from '#db/advisory-locks.ts'
import type { Transaction } from '#db/client.ts'
import { type Ctx, inTransaction, requireAdmin } from '#lib/ctx.ts'
import { getSetting } from '#lib/settings/index.ts'
import { columnList, latencySums, ledgerSums, personSums, type Span, USAGE_SUMS, usageSums } from './sums.ts'

const sumReportsInput = z.object({
  /**
   * How long a commit may lag behind the moment that PostgreSQL tells of its transaction, in seconds. Nothing younger
   * is taken in.
   */
  graceSeconds: z.number().min(0).max(3_600).default(30),
  /** After so long it pauses between two batches. */
  budgetMs: z.number().min(0).max(600_000).default(5_000),
  /** So many calls or transfers in a batch, about: its length in time follows what the last one held. */
  batchRows: z.number().int().min(1).max(1_000_000).default(50_000),
})

export type SumReportsInput = z.input<typeof sumReportsInput>

const TABLES = {
  usage: ['usage_days', 'latency_days', 'person_days', 'active_days'],
  ledger: ['ledger_days'],
} as const

type Name = keyof typeof TABLES

const CLEARED_AT_ONCE = 50_000
const FIRST_BATCH_SECONDS = 6 * 3_600
const BATCH_SECONDS_MAX = 366 * 86_400

/** `busy`: another process has the lock. */
type Step = { is: 'done' | 'busy' | 'cleared' } | { is: 'added'; rows: number }

/**
 * Adds to the reports' sums what was committed since the last time, in batches of one transaction each. One process
 * does it at a time; it may be stopped between any two statements. When the site's days begin elsewhere than before,
 * everything is counted anew.
 * @returns true when more is waiting
 */
export async function sumReports(ctx: Ctx, input: SumReportsInput = {}): Promise<boolean> {
  requireAdmin(ctx)
  const { graceSeconds, budgetMs, batchRows } = sumReportsInput.parse(input)
  const startedAt = performance.now()
  for (const name of Object.keys(TABLES) as Name[]) {
    for (let seconds = FIRST_BATCH_SECONDS; ; ) {
      const step = await inTransaction(ctx, (tx) => takeStep(tx, { name, seconds, graceSeconds }))
      if (step.is === 'busy') return false
      if (step.is === 'done') break
      if (step.is === 'added') seconds = nextLength(seconds, step.rows, batchRows)
      if (performance.now() - startedAt > budgetMs) return true
    }
  }
  return false
}

function nextLength(seconds: number, rows: number, batchRows: number): number {
  if (rows > batchRows) return Math.max(60, seconds / 2)
  return rows < batchRows / 4 ? Math.min(BATCH_SECONDS_MAX, seconds * 2) : seconds
}

type StepInput = { name: Name; seconds: number; graceSeconds: number }

async function takeStep(ctx: Ctx & { db: Transaction }, { name, seconds, graceSeconds }: StepInput): Promise<Step> {
  const lock = await ctx.db.execute<{ locked: boolean }>(
    sql`SELECT pg_try_advisory_xact_lock(${ADVISORY_LOCKS.sumReports}::bigint) AS locked`,
  )
  if (!lock.rows[0]!.locked) return { is: 'busy' }
  const timeZone = await getSetting(ctx, 'time_zone')
  const { rows } = await ctx.db.execute<{ time_zone: string; through: string; is_cleared: boolean }>(sql`
    SELECT time_zone, through::text AS through, isfinite(through) AS is_cleared FROM report_progress WHERE name = ${name}`)
  const known = rows[0]
  if (known?.time_zone !== timeZone) {
    await beginAnew(ctx, timeZone)
    return { is: 'cleared' }
  }
  const horizon = await readHorizon(ctx, graceSeconds)
  if (!known.is_cleared) {
    for (const table of TABLES[name]) if (await clearSome(ctx, table)) return { is: 'cleared' }
    await setThrough(ctx, name, await readBeginning(ctx, name, horizon))
    return { is: 'cleared' }
  }
  const bounds = await ctx.db.execute<{ until: string; is_new: boolean; is_last: boolean }>(sql`
    SELECT u.until::text AS until, u.until > ${known.through}::timestamptz AS is_new, u.until = ${horizon}::timestamptz AS is_last
    FROM (SELECT least(${horizon}::timestamptz,
      ${known.through}::timestamptz + ${seconds}::float8 * interval '1 second') AS until) u`)
  const { until, is_new: isNew, is_last: isLast } = bounds.rows[0]!
  if (!isNew) return { is: 'done' }
  const span: Span = { timeZone, from: known.through, until }
  const added = name === 'usage' ? await addUsage(ctx, span) : await addTransfers(ctx, span)
  await setThrough(ctx, name, until)
  return isLast ? { is: 'done' } : { is: 'added', rows: added }
}

/**
 * Until when everything is committed that ever will be. A row carries the time at which its transaction began, so what
 * is younger than the oldest one still open may yet get company. Other databases' and other roles' transactions write
 * nothing here; only those of our own role can be seen.
 */
async function readHorizon(ctx: Ctx, graceSeconds: number): Promise<string> {
  const { rows } = await ctx.db.execute<{ horizon: string }>(sql`
    SELECT least(now() - ${graceSeconds}::float8 * interval '1 second', min(xact_start))::text AS horizon
    FROM pg_stat_activity
    WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()`)
  return rows[0]!.horizon
}

/** Marks everything as to be cleared first: sums of two time zones do not mix. */
async function beginAnew(ctx: Ctx, timeZone: string): Promise<void> {
  const names = Object.keys(TABLES).map((name) => sql`(${name}, ${timeZone}, '-infinity'::timestamptz)`)
  await ctx.db.execute(sql`
    INSERT INTO report_progress (name, time_zone, through) VALUES ${sql.join(names, sql`, `)}
    ON CONFLICT (name) DO UPDATE SET time_zone = excluded.time_zone, through = excluded.through, updated_at = now()`)
}

/** @returns true when something was left to clear */
async function clearSome(ctx: Ctx, table: string): Promise<boolean> {
  const name = sql.identifier(table)
  const { rowCount } = await ctx.db.execute(sql`
    DELETE FROM ${name} WHERE ctid = ANY (ARRAY(SELECT ctid FROM ${name} LIMIT ${CLEARED_AT_ONCE}))`)
  return (rowCount ?? 0) > 0
}

/** The time of the first row; it reads all of them, once in the life of these sums. */
async function readBeginning(ctx: Ctx, name: Name, horizon: string): Promise<string> {
  await ctx.db.execute(sql`SET LOCAL statement_timeout = '30min'`)
  const first =
    name === 'usage'
      ? sql`(SELECT min(created_at) FROM usage_records), (SELECT min(created_at) FROM late_usage)`
      : sql`(SELECT min(created_at) FROM transfers)`
  const { rows } = await ctx.db.execute<{ first: string }>(
    sql`SELECT least(${horizon}::timestamptz, ${first})::text AS first`,
  )
  return rows[0]!.first
}

async function setThrough(ctx: Ctx, name: Name, through: string): Promise<void> {
  await ctx.db.execute(sql`
    UPDATE report_progress SET through = ${through}::timestamptz, updated_at = now() WHERE name = ${name}`)
}

/** Each statement sees the same rows: nothing older than the horizon can still be committed. @returns how many calls */
async function addUsage(ctx: Ctx, span: Span): Promise<number> {
  const { rows } = await ctx.db.execute<{ calls: bigint }>(sql`
    WITH added AS (${usageSums(span)}), written AS (
      INSERT INTO usage_days (day, model_id, channel_id, ${columnList(USAGE_SUMS)})
      SELECT day, model_id, channel_id, ${columnList(USAGE_SUMS)} FROM added
      ON CONFLICT (day, model_id, channel_id) DO UPDATE SET ${additions('usage_days', USAGE_SUMS)})
    SELECT coalesce(sum(calls), 0)::bigint AS calls FROM added`)
  await ctx.db.execute(sql`
    INSERT INTO latency_days (day, model_id, channel_id, bucket, calls)
    SELECT day, model_id, channel_id, bucket, calls FROM ${latencySums(span)} added
    ON CONFLICT (day, model_id, channel_id, bucket) DO UPDATE SET ${additions('latency_days', ['calls'])}`)
  // Who called for the first time on a day is counted before they are written down.
  await ctx.db.execute(sql`
    INSERT INTO active_days (day, people)
    SELECT added.day, count(*) FROM ${personSums(span)} added
    LEFT JOIN person_days known ON known.user_id = added.user_id AND known.day = added.day AND known.calls > 0
    WHERE added.calls > 0 AND known.day IS NULL
    GROUP BY added.day
    ON CONFLICT (day) DO UPDATE SET ${additions('active_days', ['people'])}`)
  await ctx.db.execute(sql`
    INSERT INTO person_days (user_id, day, calls, charged_micros, vendor_cost_micros)
    SELECT user_id, day, calls, charged_micros, vendor_cost_micros FROM ${personSums(span)} added
    ON CONFLICT (user_id, day)
    DO UPDATE SET ${additions('person_days', ['calls', 'charged_micros', 'vendor_cost_micros'])}`)
  return Number(rows[0]!.calls)
}

/** @returns how many transfers */
async function addTransfers(ctx: Ctx, span: Span): Promise<number> {
  const { rows } = await ctx.db.execute<{ transfers: bigint }>(sql`
    WITH written AS (
      INSERT INTO ledger_days (day, kind, debit, credit, source, amount_micros)
      SELECT day, kind, debit, credit, source, amount_micros FROM ${ledgerSums(span)} added
      ON CONFLICT (day, kind, debit, credit, source) DO UPDATE SET ${additions('ledger_days', ['amount_micros'])})
    SELECT count(*) AS transfers FROM transfers
    WHERE created_at >= ${span.from}::timestamptz AND created_at < ${span.until}::timestamptz`)
  return Number(rows[0]!.transfers)
}

function additions(table: string, names: readonly string[]): SQL {
  return sql.join(
    names.map((name) => {
      const [column, target] = [sql.identifier(name), sql.identifier(table)]
      return sql`${column} = ${target}.${column} + excluded.${column}`
    }),
    sql`, `,
  )
}
