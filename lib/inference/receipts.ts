import { and, eq, inArray } from 'drizzle-orm'
import { z } from 'zod'
import { models, usageRecords } from '#db/schema/index.ts'
import { type Ctx, requireUser } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'
import { encodeMicros } from '#lib/money.ts'
import { costOf } from './pricing.ts'
import type { Receipt, Usage } from './shared.ts'

export type UsageRecord = typeof usageRecords.$inferSelect

/** A usage record as the person who paid may see it: without what it cost us and where it went. */
export function toReceipt(record: UsageRecord, modelName: string): Receipt {
  return {
    id: record.id,
    conversationId: record.conversationId,
    messageId: record.messageId,
    modelId: record.modelId,
    modelName,
    outcome: record.outcome,
    errorCode: record.errorCode,
    usageSource: record.usageSource,
    usage: usageOf(record),
    prices: {
      input: encodeMicros(record.inputPriceMicros),
      cacheRead: encodeMicros(record.cacheReadPriceMicros),
      cacheWrite: encodeMicros(record.cacheWritePriceMicros),
      output: encodeMicros(record.outputPriceMicros),
      reasoning: encodeMicros(record.reasoningPriceMicros),
      request: encodeMicros(record.requestPriceMicros),
    },
    heldMicros: encodeMicros(record.heldMicros),
    costMicros: encodeMicros(record.costMicros),
    chargedMicros: encodeMicros(record.chargedMicros),
    badDebtMicros: encodeMicros(record.badDebtMicros),
    omittedTurns: record.omittedTurns,
    firstTokenMs: record.firstTokenMs,
    durationMs: record.durationMs,
    createdAt: record.createdAt.toISOString(),
  }
}

/** What a recorded call must have cost, computed again from its tokens and prices alone. */
export function recomputeCost(record: UsageRecord): bigint {
  if (isFree(record)) return 0n
  return costOf(usageOf(record), {
    versionId: record.priceVersionId,
    inputMicros: record.inputPriceMicros,
    cacheReadMicros: record.cacheReadPriceMicros,
    cacheWriteMicros: record.cacheWritePriceMicros,
    outputMicros: record.outputPriceMicros,
    reasoningMicros: record.reasoningPriceMicros,
    requestMicros: record.requestPriceMicros,
    costInputMicros: 0n,
    costCacheReadMicros: 0n,
    costCacheWriteMicros: 0n,
    costOutputMicros: 0n,
    costReasoningMicros: 0n,
  })
}

/** Nothing is charged before the first word came, nor for an answer without one. */
export function isFree(call: Pick<UsageRecord, 'outcome' | 'usageSource'>): boolean {
  return call.outcome === 'failed' || call.outcome === 'empty' || call.usageSource === 'none'
}

const getReceiptInput = z.object({ usageRecordId: z.uuid() })

/**
 * The receipt of one call.
 * @throws {AppError} `not_found` when the person paid for no such call
 */
export async function getReceipt(ctx: Ctx, input: z.input<typeof getReceiptInput>): Promise<Receipt> {
  const { userId } = requireUser(ctx)
  const { usageRecordId } = getReceiptInput.parse(input)
  const [row] = await ctx.db
    .select({ record: usageRecords, modelName: models.displayName })
    .from(usageRecords)
    .leftJoin(models, eq(models.id, usageRecords.modelId))
    .where(and(eq(usageRecords.userId, userId), eq(usageRecords.id, usageRecordId)))
  if (!row) throw new AppError('not_found')
  return toReceipt(row.record, row.modelName ?? row.record.modelId)
}

/** The receipts of calls by their holds, for who already knows that the reader may see them. At most 500 holds. */
export async function findReceipts(ctx: Ctx, { holdIds }: { holdIds: string[] }): Promise<Map<string, Receipt>> {
  if (holdIds.length === 0) return new Map()
  const rows = await ctx.db
    .select({ record: usageRecords, modelName: models.displayName })
    .from(usageRecords)
    .leftJoin(models, eq(models.id, usageRecords.modelId))
    .where(inArray(usageRecords.holdId, holdIds))
    .limit(500)
  return new Map(rows.map(({ record, modelName }) => [record.holdId, toReceipt(record, modelName ?? record.modelId)]))
}

function usageOf(record: UsageRecord): Usage {
  return {
    inputTokens: record.inputTokens,
    cacheReadTokens: record.cacheReadTokens,
    cacheWriteTokens: record.cacheWriteTokens,
    outputTokens: record.outputTokens,
    reasoningTokens: record.reasoningTokens,
  }
}
