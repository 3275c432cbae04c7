import { sql } from 'drizzle-orm'
import { type Ctx, requireAdmin } from '#lib/ctx.ts'
import { atOneMoment, type Moment, usageDaysOf } from './moment.ts'
import { periodInput } from './period-input.ts'
import { type Period, periodOf } from './shared.ts'
import { sumList, USAGE_SUMS } from './sums.ts'

/** Tokens by kind; kinds do not overlap. */
export type TokenSums = {
  inputTokens: number
  cacheReadTokens: number
  cacheWriteTokens: number
  outputTokens: number
  reasoningTokens: number
}

/** What calls came to, in micro-credits. */
export type CallSums = TokenSums & {
  calls: number
  /** Calls that ended by themselves without an answer worth having: failed, interrupted or empty. */
  errors: number
  stopped: number
  interrupted: number
  failed: number
  empty: number
  /** What wallets paid, with whatever credits they had. */
  chargedMicros: bigint
  badDebtMicros: bigint
  vendorCostMicros: bigint
  /** Charged less vendor cost; negative when it was sold at a loss. */
  marginMicros: bigint
}

export type ModelMargin = CallSums & { modelId: string; modelName: string }

/** As they come from the statement that `CALL_SUMS` is part of. */
export type CallSumsRow = Record<(typeof USAGE_SUMS)[number], bigint>

/** Sums over rows of `usage_days`. */
export const CALL_SUMS = sumList(USAGE_SUMS)

export function toCallSums(row: CallSumsRow): CallSums {
  const [interrupted, failed, empty] = [Number(row.interrupted), Number(row.failed), Number(row.empty)]
  return {
    calls: Number(row.calls),
    errors: interrupted + failed + empty,
    stopped: Number(row.stopped),
    interrupted,
    failed,
    empty,
    inputTokens: Number(row.input_tokens),
    cacheReadTokens: Number(row.cache_read_tokens),
    cacheWriteTokens: Number(row.cache_write_tokens),
    outputTokens: Number(row.output_tokens),
    reasoningTokens: Number(row.reasoning_tokens),
    chargedMicros: row.charged_micros,
    badDebtMicros: row.bad_debt_micros,
    vendorCostMicros: row.vendor_cost_micros,
    marginMicros: row.charged_micros - row.vendor_cost_micros,
  }
}

const MODELS_MAX = 1_000

/**
 * What each model that was called in a period brought in and cost, in micro-credits; the one that brought most first.
 * Without a period: the last thirty days. Free calls are among the calls and the tokens. Admins and the service only.
 * @param input first and last day in the site's time zone, at most 366 of them
 */
export async function getModelMargins(ctx: Ctx, input?: Period): Promise<ModelMargin[]> {
  requireAdmin(ctx)
  const given = input && periodInput.parse(input)
  return atOneMoment(ctx, (moment) => readModelMargins(moment, given ?? periodOf('30d', moment.today)))
}

export async function readModelMargins(moment: Moment, { from, to }: Period): Promise<ModelMargin[]> {
  const { rows } = await moment.ctx.db.execute<CallSumsRow & { model_id: string; model_name: string }>(sql`
    SELECT s.*, coalesce(m.display_name, s.model_id) AS model_name
    FROM (
      SELECT model_id, ${CALL_SUMS} FROM ${usageDaysOf(moment)} days
      WHERE day BETWEEN ${from}::date AND ${to}::date GROUP BY model_id
    ) s
    LEFT JOIN models m ON m.id = s.model_id
    ORDER BY s.charged_micros DESC, s.model_id LIMIT ${MODELS_MAX}`)
  return rows.map((row) => ({ modelId: row.model_id, modelName: row.model_name, ...toCallSums(row) }))
}
