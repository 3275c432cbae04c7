import { sql } from 'drizzle-orm'
import { z } from 'zod'
import { type Ctx, requireUser } from '#lib/ctx.ts'
import { timeZoneInput } from '#lib/time-zone.ts'
import { dateInput, endOf, ownWallet, recordedWithin, startOf } from './own-wallet.ts'

/** Days that one reading covers at most. */
export const SPEND_DAYS_MAX = 366

/** Calls among which the person's recent models are looked for. */
const RECENT_CALLS = 5_000

const spendInput = z
  .object({
    /** First and last day, both included, in the time zone. */
    from: dateInput,
    to: dateInput,
    timeZone: timeZoneInput.default('UTC'),
    /** Only calls of this model. */
    modelId: z.string().min(1).max(200).optional(),
  })
  .refine(({ from, to }) => daysBetween(from, to) < SPEND_DAYS_MAX && from <= to, 'is no period of at most 366 days')

export type SpendInput = z.input<typeof spendInput>

/** What the person's own wallet paid for calls on each day of a period; days without a call are there with zero. */
export async function spendByDay(ctx: Ctx, input: SpendInput): Promise<{ day: string; micros: bigint }[]> {
  const { userId } = requireUser(ctx)
  const period = spendInput.parse(input)
  const { rows } = await ctx.db.execute<{ day: string; micros: bigint }>(sql`
    SELECT d.day::date::text AS day, coalesce(s.micros, 0)::bigint AS micros
    FROM generate_series(${period.from}::date::timestamp, ${period.to}::date::timestamp, interval '1 day') AS d (day)
    LEFT JOIN (
      SELECT (u.created_at AT TIME ZONE ${period.timeZone})::date AS day, sum(u.charged_micros) AS micros
      FROM usage_records u WHERE ${isSpentIn(userId, period)} GROUP BY 1
    ) s ON s.day = d.day::date
    ORDER BY d.day`)
  return rows
}

/** What the person's own wallet paid for the calls of each model in a period, the dearest first. */
export async function spendByModel(
  ctx: Ctx,
  input: SpendInput,
): Promise<{ modelId: string; modelName: string; micros: bigint; calls: number }[]> {
  const { userId } = requireUser(ctx)
  const period = spendInput.parse(input)
  const { rows } = await ctx.db.execute<{ model_id: string; model_name: string; micros: bigint; calls: number }>(sql`
    SELECT s.model_id, coalesce(m.display_name, s.model_id) AS model_name, s.micros, s.calls
    FROM (
      SELECT u.model_id, sum(u.charged_micros)::bigint AS micros, count(*)::int AS calls
      FROM usage_records u WHERE ${isSpentIn(userId, period)} AND u.charged_micros > 0 GROUP BY u.model_id
    ) s
    LEFT JOIN models m ON m.id = s.model_id
    ORDER BY s.micros DESC, s.model_id
    LIMIT 200`)
  return rows.map((row) => ({
    modelId: row.model_id,
    modelName: row.model_name,
    micros: row.micros,
    calls: row.calls,
  }))
}

/** The models of the latest calls that the person's own wallet paid for, by name: what a statement can be filtered by. */
export async function listPaidModels(ctx: Ctx): Promise<{ modelId: string; modelName: string }[]> {
  const { userId } = requireUser(ctx)
  const { rows } = await ctx.db.execute<{ model_id: string; model_name: string }>(sql`
    SELECT s.model_id, coalesce(m.display_name, s.model_id) AS model_name
    FROM (
      SELECT DISTINCT r.model_id FROM (
        SELECT u.model_id FROM usage_records u WHERE u.wallet_id = ${ownWallet(userId)} ORDER BY u.id DESC LIMIT ${RECENT_CALLS}
      ) r
    ) s
    LEFT JOIN models m ON m.id = s.model_id
    ORDER BY 2, 1 LIMIT 200`)
  return rows.map((row) => ({ modelId: row.model_id, modelName: row.model_name }))
}

function isSpentIn(userId: string, { from, to, timeZone, modelId }: z.output<typeof spendInput>) {
  const within = recordedWithin(startOf(from, timeZone), endOf(to, timeZone))
  const ofModel = modelId === undefined ? sql`` : sql`AND u.model_id = ${modelId}`
  return sql`u.wallet_id = ${ownWallet(userId)} AND ${within} ${ofModel}`
}

function daysBetween(from: string, to: string): number {
  return (Date.parse(to) - Date.parse(from)) / 86_400_000
}
