import type { Ctx } from '#lib/ctx.ts'
import { AppError, type ErrorCode } from '#lib/errors.ts'
import { log } from '#lib/log.ts'
import { listRoutes, markKey, type Route } from '#lib/models/index.ts'
import { type AttemptEnd, RUN_LIMITS, type RunLimits, streamAttempt } from './attempt.ts'
import type { Admission, RunEvent, RunResult } from './call.ts'
import { addUsage, NO_USAGE } from './pricing.ts'
import { quarantine } from './quarantine.ts'
import type { Usage } from './shared.ts'
import { countAll, EXACT_BYTES_MAX } from './tokens.ts'
import { normalizeUsage } from './usage.ts'

/** Keys and channels tried at most before the first word. */
const ATTEMPTS_MAX = 5

type Progress = {
  startedAt: number
  text: string
  reasoning: string
  firstTokenMs: number | null
  vendorUsage: Usage
}

/**
 * Makes an admitted call. Until the first word it goes on to the next key or channel when one fails, never after it.
 * Whatever the vendor does, exactly one `end` comes, last; nothing is thrown for it. Leaving the loop early, or
 * aborting the signal, stops the vendor. An AppError as the signal's reason makes the outcome `interrupted` with its
 * code; any other reason means that the person stopped it.
 * @param options.limits how long a vendor may take
 */
export async function* run(
  ctx: Ctx,
  admission: Admission,
  options: { signal: AbortSignal; limits?: Partial<RunLimits> },
): AsyncGenerator<RunEvent, void> {
  const limits = { ...RUN_LIMITS, ...options.limits }
  const progress: Progress = {
    startedAt: performance.now(),
    text: '',
    reasoning: '',
    firstTokenMs: null,
    vendorUsage: NO_USAGE,
  }
  let last: { route: Route; end: AttemptEnd } | null = null
  for (const route of await findRoutes(ctx, admission)) {
    const end = yield* passOn(streamAttempt(route, admission, { signal: options.signal, limits }), progress)
    last = { route, end }
    await noteKey(ctx, route, end)
    if (end.kind !== 'failed' || received(progress)) break
    if (end.accepted) progress.vendorUsage = addUsage(progress.vendorUsage, promptOf(admission))
  }
  yield { type: 'end', result: await conclude(admission, progress, last, options.signal) }
}

async function* passOn(
  attempt: AsyncGenerator<{ type: 'text' | 'reasoning'; text: string }, AttemptEnd>,
  progress: Progress,
): AsyncGenerator<RunEvent, AttemptEnd> {
  try {
    for (;;) {
      const next = await attempt.next()
      if (next.done) return next.value
      const delta = next.value
      progress.firstTokenMs ??= elapsed(progress)
      progress[delta.type] += delta.text
      yield delta
    }
  } finally {
    // The reader may leave at any event: then the attempt must close its exchange too.
    await attempt.return(undefined as never)
  }
}

async function conclude(
  admission: Admission,
  progress: Progress,
  last: { route: Route; end: AttemptEnd } | null,
  signal: AbortSignal,
): Promise<RunResult> {
  const facts = {
    channelId: last?.route.channelId ?? null,
    vendor: last?.route.vendor ?? null,
    vendorRequestId: last?.end.vendorRequestId ?? null,
    firstTokenMs: progress.firstTokenMs,
    durationMs: elapsed(progress),
  }
  const free = { usage: NO_USAGE, usageSource: 'none', vendorUsage: progress.vendorUsage } as const
  if (!last) return { ...facts, ...free, quarantinedUsage: null, outcome: 'failed', errorCode: 'model_unavailable' }

  const { end, route } = last
  // A vendor that was cut off may have sent a running total only, which lacks what came with it.
  const isWhole = end.kind === 'complete' || end.finishReason !== null
  const textLength = isWhole ? progress.text.length + progress.reasoning.length : 0
  const { usage: reported, quarantined: quarantinedUsage } = readUsage(end.usage, { route, admission, textLength })
  if (!received(progress)) {
    const billed = reported ?? (end.accepted && end.kind !== 'failed' ? promptOf(admission) : NO_USAGE)
    const vendorUsage = addUsage(progress.vendorUsage, billed)
    const nothing = { ...facts, ...free, quarantinedUsage }
    if (end.kind === 'stopped') return { ...nothing, ...outcomeOfStop(signal), vendorUsage }
    if (end.kind === 'failed') return { ...nothing, outcome: 'failed', errorCode: end.errorCode }
    const usage = reported ? ({ usage: reported, usageSource: 'reported' } as const) : {}
    return { ...nothing, ...usage, outcome: 'empty', errorCode: 'vendor_empty', vendorUsage }
  }

  const total = isWhole ? reported : null
  const usage = total ?? (await countOwn(admission, progress))
  const charged = { usage, usageSource: total ? 'reported' : 'estimated', quarantinedUsage } as const
  const vendorUsage = addUsage(progress.vendorUsage, usage)
  switch (end.kind) {
    case 'complete':
      return { ...facts, ...charged, vendorUsage, outcome: 'completed', errorCode: null }
    case 'stopped':
      return { ...facts, ...charged, vendorUsage, ...outcomeOfStop(signal) }
    case 'failed':
      return { ...facts, ...charged, vendorUsage, outcome: 'interrupted', errorCode: end.errorCode }
  }
}

function outcomeOfStop(signal: AbortSignal): { outcome: 'stopped' | 'interrupted'; errorCode: ErrorCode | null } {
  return signal.reason instanceof AppError
    ? { outcome: 'interrupted', errorCode: signal.reason.code }
    : { outcome: 'stopped', errorCode: null }
}

/** What a vendor told of the usage: believed, or set aside. */
type Told = { usage: Usage | null; quarantined: unknown }

type Reading = { route: Route; admission: Admission; textLength: number }

function readUsage(raw: unknown, { route, admission, textLength }: Reading): Told {
  if (raw === null) return { usage: null, quarantined: null }
  const { promptTokens, outputCap, model, holdId } = admission
  const usage = normalizeUsage(raw, route.vendor, { promptTokens, outputCap, textLength })
  if (usage) return { usage, quarantined: null }
  const { channelId, vendor } = route
  log.warn(
    { channelId, vendor, modelId: model.id, holdId, promptTokens, outputCap, textLength },
    'usage is beyond belief',
  )
  return { usage: null, quarantined: quarantine(raw, route.key) }
}

async function countOwn(admission: Admission, progress: Progress): Promise<Usage> {
  const outputTokens = await countAll(progress.text)
  const reasoningTokens = await countAll(progress.reasoning)
  // Our count may differ from the vendor's, but never beyond the cap it was given.
  const reasoningCharged = Math.min(reasoningTokens, admission.outputCap)
  return {
    ...NO_USAGE,
    inputTokens: await countPrompt(admission),
    outputTokens: Math.min(outputTokens, admission.outputCap - reasoningCharged),
    reasoningTokens: reasoningCharged,
  }
}

/** The tokens that were sent. For the hold the bytes of a long message stood for its tokens: nobody pays for those. */
async function countPrompt({ promptTokens, messages }: Admission): Promise<number> {
  let tokens = promptTokens
  for (const { content } of messages) {
    const bytes = Buffer.byteLength(content)
    if (bytes > EXACT_BYTES_MAX) tokens -= Math.max(0, bytes - (await countAll(content)))
  }
  return tokens
}

async function findRoutes(ctx: Ctx, admission: Admission): Promise<Route[]> {
  try {
    return (await listRoutes(ctx, admission.model.id)).slice(0, ATTEMPTS_MAX)
  } catch (error) {
    log.error({ err: error, modelId: admission.model.id }, 'cannot read the channels of a model')
    return []
  }
}

/** Remembers what the vendor thinks of a key, when that has changed. */
async function noteKey(ctx: Ctx, { keyId, keyStatus, channelId }: Route, end: AttemptEnd): Promise<void> {
  const status = end.keyRefused ? 'refused' : end.kind === 'complete' ? 'active' : keyStatus
  if (keyId === null || status === keyStatus) return
  try {
    const verdict = status === 'refused' ? { status, httpStatus: end.httpStatus } : { status }
    await markKey(ctx, { keyId, ...verdict })
  } catch (error) {
    log.error({ err: error, channelId }, 'cannot note what became of a key')
  }
}

function promptOf(admission: Admission): Usage {
  return { ...NO_USAGE, inputTokens: admission.promptTokens }
}

function received(progress: Progress): boolean {
  return progress.text !== '' || progress.reasoning !== ''
}

function elapsed(progress: Progress): number {
  return Math.round(performance.now() - progress.startedAt)
}
