import { eq, getTableColumns, sql } from 'drizzle-orm'
import { z } from 'zod'
import { checkpoints, holds, models, priceVersions, usageRecords } from '#db/schema/index.ts'
import { type Ctx, inTransaction } from '#lib/ctx.ts'
import { AppError, invariant } from '#lib/errors.ts'
import { callLedger, captureCall } from '#lib/ledger/index.ts'
import { executePrepared } from '#lib/prepared.ts'
import type { Admission, RunResult } from './call.ts'
import { bookLateUsage } from './late-usage.ts'
import { affordedOutput, costOf, NO_USAGE, vendorCostOf } from './pricing.ts'
import { findReceipts, isFree, toReceipt } from './receipts.ts'
import type { Receipt } from './shared.ts'
import { priceOf, priceSince } from './terms.ts'
import { countAll } from './tokens.ts'

export type SettleInput = {
  admission: Omit<Admission, 'messages'>
  result: RunResult
  /** Made by the caller. */
  usageRecordId: string
  conversationId?: string
  messageId?: string
  apiKeyId?: string
}

/**
 * Ends a call: writes its receipt and captures what it cost, or releases the hold of one that was free, in one
 * statement, which should be the last of the caller's transaction: it locks the wallet.
 * A call is settled once; whoever comes later gets the receipt that is there, whatever their result says, and what
 * their vendor reported is booked as late usage.
 */
export async function settle(ctx: Ctx, input: SettleInput): Promise<Receipt> {
  const { admission, result } = input
  const facts = factsOf(input)
  const columns = getTableColumns(usageRecords)
  const names = Object.keys(facts) as (keyof typeof facts)[]
  const targets = names.map((name) => sql.identifier(columns[name].name))
  const values = names.map((name) => {
    const value = facts[name] === null ? null : columns[name].mapToDriverValue(facts[name])
    return sql`${value}::${sql.raw(columns[name].getSQLType())}`
  })
  const capture = captureCall(ctx, {
    holdId: admission.holdId,
    costMicros: facts.costMicros,
    externalRef: facts.id,
    remembered: { walletId: admission.walletId, amountMicros: admission.heldMicros },
  })
  const { rows } = await callLedger(() =>
    executePrepared<SettledRow>(
      ctx.db,
      'settle-call',
      sql`
      INSERT INTO ${usageRecords} (${sql.join(targets, sql`, `)}, charged_micros, bad_debt_micros, wallet_seq)
      SELECT ${sql.join(values, sql`, `)}, captured.charged_micros, captured.bad_debt_micros, captured.wallet_seq
      FROM ${capture} captured
      WHERE NOT captured.replayed
      RETURNING charged_micros, bad_debt_micros, wallet_seq, created_at::text`,
    ),
  )
  const [settled] = rows
  if (settled) {
    const record = {
      ...facts,
      chargedMicros: settled.charged_micros,
      badDebtMicros: settled.bad_debt_micros,
      walletSeq: settled.wallet_seq,
      createdAt: new Date(settled.created_at),
    }
    return toReceipt(record, {
      modelName: admission.model.displayName,
      vendor: result.vendor,
      priceSince: admission.priceSince,
      promptTokens: admission.promptTokens,
      outputCap: admission.outputCap,
      seq: settled.wallet_seq,
      conversationExists: facts.conversationId !== null,
    })
  }
  const known = (await findReceipts(ctx, { holdIds: [admission.holdId] })).get(admission.holdId)
  invariant(known, 'a hold that is not settled now was settled before')
  if (known.id !== facts.id) await bookLateUsage(ctx, input)
  return known
}

type SettledRow = {
  charged_micros: bigint
  bad_debt_micros: bigint
  wallet_seq: bigint | null
  created_at: string
}

function factsOf({ admission, result, usageRecordId, ...ids }: SettleInput) {
  const { price } = admission
  return {
    userId: admission.userId,
    id: usageRecordId,
    walletId: admission.walletId,
    apiKeyId: ids.apiKeyId ?? null,
    holdId: admission.holdId,
    conversationId: ids.conversationId ?? null,
    messageId: ids.messageId ?? null,
    modelId: admission.model.id,
    channelId: result.channelId,
    vendorRequestId: result.vendorRequestId,
    outcome: result.outcome,
    errorCode: result.errorCode,
    usageSource: result.usageSource,
    ...result.usage,
    quarantinedUsage: result.quarantinedUsage,
    priceVersionId: price.versionId,
    inputPriceMicros: price.inputMicros,
    cacheReadPriceMicros: price.cacheReadMicros,
    cacheWritePriceMicros: price.cacheWriteMicros,
    outputPriceMicros: price.outputMicros,
    reasoningPriceMicros: price.reasoningMicros,
    requestPriceMicros: price.requestMicros,
    heldMicros: admission.heldMicros,
    costMicros: isFree(result) ? 0n : costOf(result.usage, price),
    vendorCostMicros: vendorCostOf(result.vendorUsage, price),
    omittedTurns: admission.omittedTurns,
    firstTokenMs: result.firstTokenMs,
    durationMs: result.durationMs,
  }
}

const settleInterruptedInput = z.object({
  holdId: z.uuid(),
  usageRecordId: z.uuid(),
  /** What of the answer is in the log; without it the checkpoint's count stands. */
  receivedText: z.string().optional(),
  receivedReasoning: z.string().optional(),
  conversationId: z.uuid().optional(),
  messageId: z.uuid().optional(),
  apiKeyId: z.uuid().optional(),
})

export type SettleInterruptedInput = z.input<typeof settleInterruptedInput>

/**
 * Ends a call whose process died: charges the prompt and what had been received, by our own count, or nothing when
 * nothing had. Settled already, it changes nothing.
 * @throws {AppError} `not_found` when no such call was admitted
 */
export async function settleInterrupted(ctx: Ctx, input: SettleInterruptedInput): Promise<Receipt> {
  const { holdId, receivedText, receivedReasoning, ...ids } = settleInterruptedInput.parse(input)
  const textTokens = await countAll(receivedText ?? '')
  const reasoningTokens = await countAll(receivedReasoning ?? '')
  return inTransaction(ctx, async (tx) => {
    const [row] = await tx.db
      .select({
        hold: holds,
        checkpoint: checkpoints.outputTokens,
        price: priceVersions,
        priceSince: priceSince(),
        model: models,
        durationMs: sql<number>`least(extract(epoch FROM now() - ${holds.createdAt}) * 1000, 2147483647)::int`,
      })
      .from(holds)
      .innerJoin(priceVersions, eq(priceVersions.id, holds.priceVersionId))
      .innerJoin(models, eq(models.id, holds.modelId))
      .leftJoin(checkpoints, eq(checkpoints.holdId, holds.id))
      .where(eq(holds.id, holdId))
    if (!row) throw new AppError('not_found')
    const { hold } = row
    const price = priceOf(row.price)
    // The terms of a call are whole, or its price would not have been found.
    const promptTokens = hold.promptTokens!
    const heldMicros = hold.amountMicros
    const outputCap = affordedOutput(price, { promptTokens, outputCap: hold.outputCap!, heldMicros })
    const known = receivedText !== undefined || receivedReasoning !== undefined
    const reasoning = Math.min(reasoningTokens, outputCap)
    const output = Math.min(known ? textTokens : (row.checkpoint ?? 0), outputCap - reasoning)
    const received = output + reasoning > 0
    const prompt = { ...NO_USAGE, inputTokens: promptTokens }
    const usage = received ? { ...prompt, outputTokens: output, reasoningTokens: reasoning } : NO_USAGE
    return settle(tx, {
      ...ids,
      admission: {
        holdId,
        userId: hold.spenderId,
        walletId: hold.walletId,
        model: row.model,
        price,
        priceSince: row.priceSince,
        promptTokens,
        outputCap,
        heldMicros,
        omittedTurns: hold.omittedTurns!,
      },
      result: {
        outcome: 'interrupted',
        errorCode: 'interrupted',
        usage,
        usageSource: received ? 'estimated' : 'none',
        // Whether the vendor had begun is not known: it is taken to bill what was sent.
        vendorUsage: received ? usage : prompt,
        quarantinedUsage: null,
        channelId: null,
        vendor: null,
        vendorRequestId: null,
        firstTokenMs: null,
        durationMs: row.durationMs,
      },
    })
  })
}
