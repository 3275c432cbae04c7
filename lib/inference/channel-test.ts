import { z } from 'zod'
import { recordAudit } from '#lib/audit.ts'
import { type Ctx, inTransaction, requireAdmin } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'
import {
  findTestModel,
  markKey,
  noteKeyTest,
  openChannel,
  openKeys,
  type Route,
  type TestModel,
} from '#lib/models/index.ts'
import { type AttemptEnd, type RunLimits, streamAttempt } from './attempt.ts'
import type { Price } from './call.ts'
import { NO_USAGE, vendorCostOf } from './pricing.ts'
import type { ChannelTest, KeyTest, Usage } from './shared.ts'
import { countAll } from './tokens.ts'
import { normalizeUsage } from './usage.ts'

/** Somebody waits at a page for the outcome. */
const LIMITS: RunLimits = {
  firstByteMs: 20_000,
  reasoningFirstByteMs: 60_000,
  silenceMs: 20_000,
  totalMs: 90_000,
}

const PROMPT = 'Reply with the single word: ok'
const PROMPT_TOKENS = 20
/** A model that thinks first needs room to get to its word. */
const CAP = { plain: 16, reasoning: 1_024 }
/** What of the answer is shown. */
const ANSWER_SHOWN_MAX = 200

export const testChannelInput = z.object({
  channelId: z.uuid(),
  /** Empty tries all keys that are not disabled. */
  keyId: z.uuid().or(z.literal('')).default(''),
  /** Empty takes the model that costs us least. */
  modelId: z.string().max(200).default(''),
})

/**
 * Makes one short streamed call with each key of a channel, the way a person's call goes, and notes how it ended at the
 * key. Nobody is charged and there is no receipt, because there is nobody whose call it was: what it cost us stands in
 * the audit log.
 * @throws {AppError} `not_found`, `model_unknown` when the channel carries no (such) model
 */
export async function testChannel(
  ctx: Ctx,
  { channelId, keyId, modelId }: z.output<typeof testChannelInput>,
  limits: Partial<RunLimits> = {},
): Promise<ChannelTest> {
  requireAdmin(ctx)
  const channel = await openChannel(ctx, { channelId })
  const model = await findTestModel(ctx, { channelId, modelId: modelId || undefined })
  const keys = await openKeys(ctx, { channelId, keyId: keyId || undefined })
  if (keys.length === 0) throw new AppError('not_found', { message: 'the channel has no such key' })
  const tests: KeyTest[] = []
  for (const { keyId, hint, key, keyStatus } of keys.slice(0, 5)) {
    // A disabled key is tried like one that was refused: last, and once.
    const route: Route = { ...channel, ...model, keyId, key, keyStatus: keyStatus === 'active' ? 'active' : 'refused' }
    const test = { keyId, hint, ...(await tryRoute(route, model, { ...LIMITS, ...limits })) }
    await note(ctx, { channelId, modelId: model.modelId, test })
    tests.push(test)
  }
  return { modelId: model.modelId, vendorModel: model.vendorModel, keys: tests }
}

type Tried = Omit<KeyTest, 'keyId' | 'hint'>

async function tryRoute(route: Route, model: TestModel, limits: RunLimits): Promise<Tried> {
  const outputCap = model.reasoning ? CAP.reasoning : CAP.plain
  const startedAt = performance.now()
  const elapsed = () => Math.round(performance.now() - startedAt)
  const attempt = streamAttempt(
    route,
    { model, outputCap, messages: [{ role: 'user', content: PROMPT }] },
    { signal: new AbortController().signal, limits },
  )
  let firstTokenMs: number | null = null
  let answer = ''
  let reasoning = ''
  let next = await attempt.next()
  for (; !next.done; next = await attempt.next()) {
    firstTokenMs ??= elapsed()
    if (next.value.type === 'text') answer += next.value.text
    else reasoning += next.value.text
  }
  const end = next.value
  const isEmpty = end.kind === 'complete' && firstTokenMs === null && end.finishReason !== 'length'
  const errorCode = end.kind === 'complete' ? (isEmpty ? 'vendor_empty' : null) : (end.errorCode ?? 'vendor_failed')
  const usage = await usageOf(end, { vendor: route.vendor, outputCap, answer, reasoning })
  return {
    ok: errorCode === null,
    errorCode,
    httpStatus: end.httpStatus,
    firstTokenMs,
    durationMs: elapsed(),
    answer: answer.slice(0, ANSWER_SHOWN_MAX),
    vendorCostMicros: model.price && vendorCostOf(usage, priceOf(model.price)),
  }
}

type Said = { vendor: string; outputCap: number; answer: string; reasoning: string }

async function usageOf(end: AttemptEnd, { vendor, outputCap, answer, reasoning }: Said): Promise<Usage> {
  if (!end.accepted) return NO_USAGE
  const own = { promptTokens: PROMPT_TOKENS, outputCap, textLength: answer.length + reasoning.length }
  const told = end.usage === null ? null : normalizeUsage(end.usage, vendor, own)
  if (told) return told
  const [outputTokens, reasoningTokens] = [await countAll(answer), await countAll(reasoning)]
  return { ...NO_USAGE, inputTokens: PROMPT_TOKENS, outputTokens, reasoningTokens }
}

function priceOf({ id: versionId, ...price }: NonNullable<TestModel['price']>): Price {
  return { versionId, ...price }
}

async function note(
  ctx: Ctx,
  { channelId, modelId, test }: { channelId: string; modelId: string; test: KeyTest },
): Promise<void> {
  const { keyId, hint, errorCode, httpStatus, firstTokenMs, vendorCostMicros } = test
  await inTransaction(ctx, async (tx) => {
    await noteKeyTest(tx, { keyId, outcome: errorCode ?? 'ok', firstTokenMs })
    if (errorCode === 'vendor_key_refused') await markKey(tx, { keyId, status: 'refused', httpStatus })
    else if (errorCode === null) await markKey(tx, { keyId, status: 'active' })
    await recordAudit(tx, {
      action: 'channel.test',
      subjectType: 'channel',
      subjectId: channelId,
      after: {
        keyId,
        hint,
        modelId,
        outcome: errorCode ?? 'ok',
        httpStatus,
        firstTokenMs,
        vendorCostMicros: vendorCostMicros?.toString() ?? null,
      },
    })
  })
}
