import { and, eq, getTableColumns, sql } from 'drizzle-orm'
import { models, priceVersions, settings, usageRecords } from '#db/schema/index.ts'
import type { Ctx } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'
import { isReachable } from '#lib/models/index.ts'
import { readSetting } from '#lib/settings/index.ts'
import type { CallModel, Price } from './call.ts'

export type Terms = {
  model: CallModel & { maxOutputTokens: number; defaultMaxOutput: number; minOutput: number }
  price: Price
  maxRunning: number
}

/**
 * On what terms a person may call a model now: its limits, the price in force and the site's limits, in one statement.
 * @throws {AppError} `model_unknown`, `model_unpriced`, `model_unavailable` (nobody can answer), `too_many_free_failures`
 */
export async function readTerms(ctx: Ctx, { userId, modelId }: { userId: string; modelId: string }): Promise<Terms> {
  const [row] = await ctx.db
    .select({
      model: models,
      price: getTableColumns(priceVersions),
      reachable: isReachable(),
      freeFailures: freeFailuresToday(userId),
      maxRunning: storedSetting('max_running'),
      freeFailuresPerDay: storedSetting('free_failures_per_day'),
    })
    .from(models)
    .leftJoin(priceVersions, and(eq(priceVersions.modelId, models.id), sql`${priceVersions.validDuring} @> now()`))
    .where(and(eq(models.id, modelId), models.visible))
  if (!row) throw new AppError('model_unknown')
  if (!row.price) throw new AppError('model_unpriced')
  if (!row.reachable) throw new AppError('model_unavailable')
  const limit = readSetting('free_failures_per_day', row.freeFailuresPerDay ?? undefined)
  if (row.freeFailures >= limit) throw new AppError('too_many_free_failures', { params: { limit } })
  return {
    model: row.model,
    price: priceOf(row.price),
    maxRunning: readSetting('max_running', row.maxRunning ?? undefined),
  }
}

/** A price version's unit prices as a call carries them. */
export function priceOf(row: typeof priceVersions.$inferSelect): Price {
  return {
    versionId: row.id,
    inputMicros: row.inputMicros,
    cacheReadMicros: row.cacheReadMicros,
    cacheWriteMicros: row.cacheWriteMicros,
    outputMicros: row.outputMicros,
    reasoningMicros: row.reasoningMicros,
    requestMicros: row.requestMicros,
    costInputMicros: row.costInputMicros,
    costCacheReadMicros: row.costCacheReadMicros,
    costCacheWriteMicros: row.costCacheWriteMicros,
    costOutputMicros: row.costOutputMicros,
    costReasoningMicros: row.costReasoningMicros,
  }
}

/**
 * Calls of today that cost the person nothing. Ids are made in time order, so the key's range bounds what is read;
 * an hour of slack covers clocks that differ.
 */
function freeFailuresToday(userId: string) {
  const since = sql`(lpad(to_hex((extract(epoch FROM date_trunc('day', now()) - interval '1 hour') * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid`
  return sql<number>`(
    SELECT count(*)::int FROM ${usageRecords}
    WHERE ${usageRecords.userId} = ${userId} AND ${usageRecords.id} >= ${since}
      AND ${usageRecords.createdAt} >= date_trunc('day', now())
      AND (${usageRecords.outcome} IN ('failed', 'empty') OR ${usageRecords.usageSource} = 'none'))`
}

function storedSetting(key: 'max_running' | 'free_failures_per_day') {
  return sql<string | null>`(SELECT ${settings.value}::text FROM ${settings} WHERE ${settings.key} = ${key})`
}
