import { sql } from 'drizzle-orm'
import { z } from 'zod'
import { type Ctx, requireUser, subjectOf } from '#lib/ctx.ts'
import { timeZoneInput } from '#lib/time-zone.ts'
import { dateInput, endOf, ownWallet, recordedWithin, startOf } from './own-wallet.ts'

/** Days that one reading covers at most. */
export const SPEND_DAYS_MAX = 366

/** Calls among which the person's recent models are looked for. */
const RECENT_CALLS = 5_000
const MODELS_MAX = 200
const DAY_MS = 86_400_000

const spendingInput = z
  .object({
    /** First and last day, both included, in the time zone. */
    from: dateInput,
    to: dateInput,
    timeZone: timeZoneInput.default('UTC'),
    /** Whose calls are added up by day; all of them without it. */
    modelId: z.string().min(1).max(200).optional(),
  })
  .refine(({ from, to }) => daysBetween(from, to) < SPEND_DAYS_MAX && from <= to, 'is no period of at most 366 days')

export type SpendingInput = z.input<typeof spendingInput>

export type Spending = {
  /** Every day of the period in its order; only the model asked for. */
  byDay: { day: string; micros: bigint }[]
  /** Every model that cost something, the dearest first. */
  byModel: { modelId: string; modelName: string; micros: bigint; calls: number }[]
}

/** What the person's own wallet paid for calls in a period, by day and by model: both from one reading of the calls. */
export async function getSpending(ctx: Ctx, input: SpendingInput): Promise<Spending> {
  const { userId } = requireUser(ctx)
  const { from, to, timeZone, modelId } = spendingInput.parse(input)
  const { rows } = await ctx.db.execute<{
    day: string
    model_id: string
    model_name: string
    micros: bigint
    calls: number
  }>(sql`
    SELECT s.day::text AS day, s.model_id, s.micros, s.calls, coalesce(m.display_name, s.model_id) AS model_name
    FROM (
      SELECT (u.created_at AT TIME ZONE ${timeZone})::date AS day, u.model_id,
        sum(u.charged_micros)::bigint AS micros, count(*)::int AS calls
      FROM usage_records u
      WHERE u.wallet_id = ${ownWallet(userId)} AND u.charged_micros > 0
        AND ${recordedWithin(startOf(from, timeZone), endOf(to, timeZone))}
      GROUP BY 1, 2
    ) s
    LEFT JOIN models m ON m.id = s.model_id
    LIMIT ${SPEND_DAYS_MAX * MODELS_MAX}`)
  const byDay = new Map(daysFrom(from, to).map((day) => [day, 0n]))
  const byModel = new Map<string, Spending['byModel'][number]>()
  for (const row of rows) {
    if (modelId === undefined || row.model_id === modelId) byDay.set(row.day, (byDay.get(row.day) ?? 0n) + row.micros)
    const model = byModel.get(row.model_id)
    byModel.set(row.model_id, {
      modelId: row.model_id,
      modelName: row.model_name,
      micros: (model?.micros ?? 0n) + row.micros,
      calls: (model?.calls ?? 0) + row.calls,
    })
  }
  return {
    byDay: [...byDay].map(([day, micros]) => ({ day, micros })),
    byModel: [...byModel.values()].sort((a, b) => Number(b.micros - a.micros) || (a.modelId < b.modelId ? -1 : 1)),
  }
}

const listPaidModelsInput = z.object({ userId: z.uuid().optional() })

/**
 * The models of the latest calls that a person's own wallet paid for, by name: what a statement can be filtered by.
 * @param input whose: the acting person's unless an admin asks for another's
 * @throws {AppError} `not_found` when they are another's and no admin asks
 */
export async function listPaidModels(
  ctx: Ctx,
  input: z.input<typeof listPaidModelsInput> = {},
): Promise<{ modelId: string; modelName: string }[]> {
  const userId = subjectOf(ctx, listPaidModelsInput.parse(input).userId)
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

function daysFrom(first: string, last: string): string[] {
  return Array.from({ length: daysBetween(first, last) + 1 }, (_, index) =>
    new Date(Date.parse(first) + index * DAY_MS).toISOString().slice(0, 10),
  )
}

function daysBetween(from: string, to: string): number {
  return (Date.parse(to) - Date.parse(from)) / DAY_MS
}
