import { and, eq, inArray, type SQL, sql } from 'drizzle-orm'
import { z } from 'zod'
import { channels, conversations, holds, models, priceVersions, transfers, usageRecords } from '#db/schema/index.ts'
import { type Ctx, requireUser } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'
import { nameOfVendor } from '#lib/models/index.ts'
import { encodeMicros } from '#lib/money.ts'
import type { UnitPrices } from './call.ts'
import { affordedOutput, costOf } from './pricing.ts'
import type { Receipt, Usage } from './shared.ts'
import { priceSince } from './terms.ts'

export type UsageRecord = typeof usageRecords.$inferSelect

/** What a receipt says beyond its usage record. */
export type Circumstances = {
  modelName: string | null
  /** Of the channel that answered, as the operator calls it. */
  vendor: string | null
  priceSince: string | null
  promptTokens: number | null
  outputCap: number | null
  seq: bigint | null
  conversationExists: boolean
}

/** A usage record as the person who paid may see it: without what it cost us and which channel it went to. */
export function toReceipt(record: UsageRecord, about: Circumstances): Receipt {
  return {
    id: record.id,
    conversationId: record.conversationId,
    messageId: record.messageId,
    conversationExists: about.conversationExists,
    modelId: record.modelId,
    modelName: about.modelName ?? record.modelId,
    vendorName: about.vendor === null ? null : nameOfVendor(about.vendor),
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
    priceSince: about.priceSince === null ? null : new Date(about.priceSince).toISOString(),
    promptTokens: about.promptTokens,
    outputCap: about.outputCap,
    heldMicros: encodeMicros(record.heldMicros),
    costMicros: encodeMicros(record.costMicros),
    chargedMicros: encodeMicros(record.chargedMicros),
    badDebtMicros: encodeMicros(record.badDebtMicros),
    entry: about.seq === null ? null : { seq: String(about.seq) },
    omittedTurns: record.omittedTurns,
    firstTokenMs: record.firstTokenMs,
    durationMs: record.durationMs,
    createdAt: record.createdAt.toISOString(),
  }
}

/** What a recorded call must have cost, computed again from its tokens and prices alone. */
export function recomputeCost(record: UsageRecord): bigint {
  if (isFree(record)) return 0n
  return costOf(usageOf(record), pricesOf(record))
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
  const found = await readReceipts(ctx, and(eq(usageRecords.userId, userId), eq(usageRecords.id, usageRecordId)))
  const [receipt] = found.values()
  if (!receipt) throw new AppError('not_found')
  return receipt
}

/** The receipts of calls by their holds, for who already knows that the reader may see them. At most 500 holds. */
export async function findReceipts(ctx: Ctx, { holdIds }: { holdIds: string[] }): Promise<Map<string, Receipt>> {
  return holdIds.length === 0 ? new Map() : readReceipts(ctx, inArray(usageRecords.holdId, holdIds))
}

async function readReceipts(ctx: Ctx, which: SQL | undefined): Promise<Map<string, Receipt>> {
  const rows = await ctx.db
    .select({
      record: usageRecords,
      modelName: models.displayName,
      vendor: channels.vendor,
      priceSince: sql<
        string | null
      >`(SELECT ${priceSince()} FROM ${priceVersions} WHERE ${priceVersions.id} = ${usageRecords.priceVersionId})`,
      promptTokens: holds.promptTokens,
      wantedOutput: holds.outputCap,
      seq: transfers.debitSeq,
      conversationExists: sql<boolean>`EXISTS (
        SELECT 1 FROM ${conversations}
        WHERE ${conversations.userId} = ${usageRecords.userId} AND ${conversations.id} = ${usageRecords.conversationId}
          AND ${conversations.deletedAt} IS NULL)`,
    })
    .from(usageRecords)
    .leftJoin(models, eq(models.id, usageRecords.modelId))
    .leftJoin(channels, eq(channels.id, usageRecords.channelId))
    .leftJoin(holds, eq(holds.id, usageRecords.holdId))
    // What the house bore of the same call is a transfer of its own.
    .leftJoin(transfers, eq(transfers.idempotencyKey, sql`'capture:' || ${usageRecords.holdId}`))
    .where(which)
    .limit(500)
  return new Map(
    rows.map(({ record, wantedOutput, ...about }) => {
      const outputCap = outputCapOf(record, { promptTokens: about.promptTokens, wantedOutput })
      return [record.holdId, toReceipt(record, { ...about, outputCap })]
    }),
  )
}

/** What the hold paid for, of the output that was wanted. */
function outputCapOf(record: UsageRecord, terms: { promptTokens: number | null; wantedOutput: number | null }) {
  const { promptTokens, wantedOutput } = terms
  if (promptTokens === null || wantedOutput === null) return null
  const { heldMicros } = record
  return affordedOutput(pricesOf(record), { promptTokens, outputCap: wantedOutput, heldMicros })
}

function pricesOf(record: UsageRecord): UnitPrices {
  return {
    inputMicros: record.inputPriceMicros,
    cacheReadMicros: record.cacheReadPriceMicros,
    cacheWriteMicros: record.cacheWritePriceMicros,
    outputMicros: record.outputPriceMicros,
    reasoningMicros: record.reasoningPriceMicros,
    requestMicros: record.requestPriceMicros,
  }
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
