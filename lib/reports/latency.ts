import { type SQL, sql } from 'drizzle-orm'
import { latencyDaysOf, type Moment } from './moment.ts'
import type { Period } from './shared.ts'
import { msOfStep } from './sums.ts'

/** How long people waited for the first token, in milliseconds; null when nobody did. Told within five per cent. */
export type FirstToken = { p50Ms: number | null; p95Ms: number | null }

export const NO_LATENCY: FirstToken = { p50Ms: null, p95Ms: null }

type Row = { key: string | null; grouped_by: number; p50: number; p95: number }

/**
 * The half and the slowest twentieth of a period's first tokens: as a whole, by day, by model and by channel, and as a
 * whole for the period before.
 */
export async function readLatency(moment: Moment, period: Period, earlier: Period) {
  const rows = await readPercentiles(moment, period, {
    key: sql`coalesce(day::text, model_id, channel_id::text)`,
    grouping: sql`GROUPING(day, model_id, channel_id)`,
    sets: sql`GROUPING SETS ((bucket), (day, bucket), (model_id, bucket), (channel_id, bucket))`,
  })
  const before = await readPercentiles(moment, earlier, { key: sql`NULL::text`, grouping: sql`7`, sets: sql`bucket` })
  const by = (grouping: number) =>
    new Map(rows.filter((row) => row.grouped_by === grouping).map((row) => [row.key, toFirstToken(row)]))
  return {
    now: by(0b111).get(null) ?? NO_LATENCY,
    before: before[0] ? toFirstToken(before[0]) : NO_LATENCY,
    byDay: by(0b011) as ReadonlyMap<string | null, FirstToken>,
    byModel: by(0b101) as ReadonlyMap<string | null, FirstToken>,
    byChannel: by(0b110) as ReadonlyMap<string | null, FirstToken>,
  }
}

/** By nearest rank: the first step by which half, or nineteen of twenty, had come. */
async function readPercentiles(
  moment: Moment,
  { from, to }: Period,
  { key, grouping, sets }: { key: SQL; grouping: SQL; sets: SQL },
): Promise<Row[]> {
  const { rows } = await moment.ctx.db.execute<Row>(sql`
    WITH steps AS (
      SELECT ${key} AS key, ${grouping} AS grouped_by, bucket, sum(calls) AS calls FROM ${latencyDaysOf(moment)} days
      WHERE day BETWEEN ${from}::date AND ${to}::date GROUP BY ${sets}
    ), ranked AS (
      SELECT key, grouped_by, bucket, sum(calls) OVER (PARTITION BY grouped_by, key ORDER BY bucket) AS upto,
        sum(calls) OVER (PARTITION BY grouped_by, key) AS total
      FROM steps
    )
    SELECT key, grouped_by, min(bucket) FILTER (WHERE upto >= ceil(total * 0.5)) AS p50,
      min(bucket) FILTER (WHERE upto >= ceil(total * 0.95)) AS p95
    FROM ranked GROUP BY key, grouped_by`)
  return rows
}

function toFirstToken({ p50, p95 }: Row): FirstToken {
  return { p50Ms: msOfStep(p50), p95Ms: msOfStep(p95) }
}
