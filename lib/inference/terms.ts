import { type Column, type SQL, sql } from 'drizzle-orm'
import { models, priceVersions, settings, usageRecords } from '#db/schema/index.ts'
import type { Ctx } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'
import { isReachable } from '#lib/models/index.ts'
import { readSetting } from '#lib/settings/index.ts'
import type { CallModel, Price } from './call.ts'
import { ownWallet } from './own-wallet.ts'
import { typicalCharge } from './typical-charge.ts'

export type Terms = {
  model: CallModel & { maxOutputTokens: number; defaultMaxOutput: number; minOutput: number }
  price: Price
  priceSince: string | null
  maxRunning: number
  /** What every call is told first, by the operator's setting. */
  systemPrompt: string | null
}

/** What `termsQuery` found, unread; null when there is no such model. */
export type StoredTerms = {
  model: Terms['model']
  price: Record<keyof Price, string> | null
  priceSince: string | null
  reachable: boolean
  freeFailures: number
  maxRunning: string | null
  freeFailuresPerDay: string | null
  systemPrompt: string | null
  /** What the person's answers usually cost, when it was asked for. */
  typicalMicros?: string | null
} | null

/** Every part of a price but its version's id is an amount. */
const PRICE_COLUMNS: Record<keyof Price, Column> = {
  versionId: priceVersions.id,
  inputMicros: priceVersions.inputMicros,
  cacheReadMicros: priceVersions.cacheReadMicros,
  cacheWriteMicros: priceVersions.cacheWriteMicros,
  outputMicros: priceVersions.outputMicros,
  reasoningMicros: priceVersions.reasoningMicros,
  requestMicros: priceVersions.requestMicros,
  costInputMicros: priceVersions.costInputMicros,
  costCacheReadMicros: priceVersions.costCacheReadMicros,
  costCacheWriteMicros: priceVersions.costCacheWriteMicros,
  costOutputMicros: priceVersions.costOutputMicros,
  costReasoningMicros: priceVersions.costReasoningMicros,
}

const MODEL_COLUMNS: Record<keyof Terms['model'], Column> = {
  id: models.id,
  displayName: models.displayName,
  contextTokens: models.contextTokens,
  reasoning: models.reasoning,
  outputCapField: models.outputCapField,
  maxOutputTokens: models.maxOutputTokens,
  defaultMaxOutput: models.defaultMaxOutput,
  minOutput: models.minOutput,
}

/**
 * On what terms a person may call a model now: its limits, the price in force and the site's limits. A query for a
 * WITH or FROM clause, for who reads rows of their own in the same round trip: one row with `context_tokens` and
 * `terms` (StoredTerms, for `readTerms`), none when there is no such model.
 * @param input.modelId may be an expression
 * @param input.forQuote also what the person's answers usually cost
 */
export function termsQuery(input: { userId: string; modelId: string | SQL; forQuote?: boolean }): SQL {
  const { userId, modelId, forQuote } = input
  const typical = forQuote ? sql`, 'typicalMicros', ${typicalCharge(ownWallet(userId))}::text` : sql``
  return sql`
    SELECT ${models.contextTokens} AS context_tokens, json_build_object(
      'model', ${jsonOf(MODEL_COLUMNS)},
      'price', CASE WHEN ${priceVersions.id} IS NOT NULL THEN ${jsonOf(PRICE_COLUMNS, 'text')} END,
      'priceSince', ${priceSince()},
      'reachable', ${isReachable()},
      'freeFailures', ${freeFailuresToday(userId)},
      'maxRunning', ${storedSetting('max_running')},
      'freeFailuresPerDay', ${storedSetting('free_failures_per_day')},
      'systemPrompt', ${storedSetting('system_prompt')}${typical}
    ) AS terms
    FROM ${models} LEFT JOIN ${priceVersions}
      ON ${priceVersions.modelId} = ${models.id} AND ${priceVersions.validDuring} @> now()
    WHERE ${models.id} = ${modelId} AND ${models.visible}`
}

/** Asks for the terms alone. */
export async function findTerms(ctx: Ctx, input: Parameters<typeof termsQuery>[0]): Promise<StoredTerms> {
  const { rows } = await ctx.db.execute<{ terms: StoredTerms }>(termsQuery(input))
  return rows[0]?.terms ?? null
}

/**
 * Reads terms, and refuses a call that has none to be made on.
 * @throws {AppError} `model_unknown`, `model_unpriced`, `model_unavailable` (nobody can answer), `too_many_free_failures`
 */
export function readTerms(stored: StoredTerms): Terms {
  if (!stored) throw new AppError('model_unknown')
  if (!stored.price) throw new AppError('model_unpriced')
  if (!stored.reachable) throw new AppError('model_unavailable')
  const limit = readSetting('free_failures_per_day', stored.freeFailuresPerDay ?? undefined)
  if (stored.freeFailures >= limit) throw new AppError('too_many_free_failures', { params: { limit } })
  const { versionId, ...amounts } = stored.price
  const prices = Object.entries(amounts).map(([name, micros]) => [name, BigInt(micros)])
  return {
    model: stored.model,
    price: { versionId, ...Object.fromEntries(prices) },
    priceSince: stored.priceSince,
    maxRunning: readSetting('max_running', stored.maxRunning ?? undefined),
    systemPrompt: readSetting('system_prompt', stored.systemPrompt ?? undefined),
  }
}

/** Since when a price version is in force, as an expression on `price_versions`. */
export function priceSince(): SQL<string | null> {
  return sql<string | null>`lower(${priceVersions.validDuring})::text`
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
 * Calls of today that cost the person nothing: answers that were empty or stopped before they began, and failures that
 * the vendor bills. Who tries again while nobody answers costs nothing. Ids are made in time order, so the key's range
 * bounds what is read; an hour of slack covers clocks that differ.
 */
function freeFailuresToday(userId: string) {
  const since = sql`(lpad(to_hex((extract(epoch FROM date_trunc('day', now()) - interval '1 hour') * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid`
  return sql<number>`(
    SELECT count(*)::int FROM ${usageRecords}
    WHERE ${usageRecords.userId} = ${userId} AND ${usageRecords.id} >= ${since}
      AND ${usageRecords.createdAt} >= date_trunc('day', now())
      AND (${usageRecords.outcome} <> 'failed' AND (${usageRecords.outcome} = 'empty' OR ${usageRecords.usageSource} = 'none')
        OR ${usageRecords.outcome} = 'failed' AND ${usageRecords.vendorCostMicros} > 0))`
}

function storedSetting(key: 'max_running' | 'free_failures_per_day' | 'system_prompt') {
  return sql<string | null>`(SELECT ${settings.value}::text FROM ${settings} WHERE ${settings.key} = ${key})`
}

/** Amounts go as text: a JSON number would be read as a double. */
function jsonOf(columns: Record<string, Column>, as?: 'text'): SQL {
  const parts = Object.entries(columns).map(([name, column]) =>
    as ? sql`${name}::text, ${column}::text` : sql`${name}::text, ${column}`,
  )
  return sql`json_build_object(${sql.join(parts, sql`, `)})`
}
