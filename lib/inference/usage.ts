import type { Usage } from './shared.ts'

/** How a vendor counts: details are part of the totals, or come on top of them. */
type CountingRule = { cacheIsPart: boolean; reasoningIsPart: boolean }

const ALL_PARTS: CountingRule = { cacheIsPart: true, reasoningIsPart: true }
const RULES: Record<string, CountingRule> = {
  anthropic: { cacheIsPart: false, reasoningIsPart: true },
  gemini: { cacheIsPart: true, reasoningIsPart: false },
  xai: { cacheIsPart: true, reasoningIsPart: false },
}

/**
 * What we know ourselves of a call: what a vendor's numbers must be near to be believed. `textLength` is of what could be
 * read, reasoning included; 0 where the answer is not whole.
 */
export type OwnCount = { promptTokens: number; outputCap: number; textLength: number }

/** Tokenizers differ, and vendors add words of their own; more than this is no tokenizer's difference. */
const PLAUSIBLE_FACTOR = 4
const PLAUSIBLE_EXTRA = 4_096
/** The longest token of OpenAI's tokenizers, a run of spaces: who reports fewer tokens than that was not counting. */
const PLAUSIBLE_CHARACTERS = 128

/**
 * Reads the usage object of a vendor into kinds that do not overlap. It never throws, whatever it is given.
 * @returns null when it is not one, contradicts itself or is beyond belief: then we count ourselves
 */
export function normalizeUsage(raw: unknown, vendor: string, own: OwnCount): Usage | null {
  const counts = isObject(raw) ? readCounts(raw) : null
  const usage = counts && split(counts, RULES[vendor] ?? ALL_PARTS)
  return usage && isBelievable(usage, own) ? usage : null
}

type Counts = {
  prompt: number
  completion: number
  cacheRead: number
  cacheWrite: number
  reasoning: number
  total: number | null
}

/** The numbers of a usage object under all the names that vendors and relays give them; null when two of them disagree. */
function readCounts(raw: Record<string, unknown>): Counts | null {
  const prompt = agree(raw.prompt_tokens, raw.input_tokens)
  const completion = agree(raw.completion_tokens, raw.output_tokens)
  const promptDetails = readPart(raw.prompt_tokens_details ?? raw.input_tokens_details)
  const outputDetails = readPart(raw.completion_tokens_details ?? raw.output_tokens_details)
  if (prompt === null || completion === null || promptDetails === null || outputDetails === null) return null
  const writes = [readWrites(raw.cache_creation), readWrites(promptDetails.cache_creation)]
  if (writes.includes(null)) return null
  const miss = agree(raw.prompt_cache_miss_tokens)
  const cacheRead = agree(
    promptDetails.cached_tokens,
    raw.prompt_cache_hit_tokens,
    raw.cache_read_input_tokens,
    raw.cached_tokens,
  )
  const cacheWrite = agree(
    promptDetails.cache_write_tokens,
    promptDetails.cache_creation_tokens,
    promptDetails.cache_creation_input_tokens,
    raw.cache_creation_input_tokens,
    ...writes,
  )
  const reasoning = agree(outputDetails.reasoning_tokens, raw.reasoning_tokens)
  const total = agree(raw.total_tokens)
  if (cacheRead === null || cacheWrite === null || reasoning === null || total === null || miss === null) return null
  // Who is silent about the prompt or the completion has not said what the call took.
  // Stryker disable next-line ConditionalExpression,LogicalOperator: what is computed from nothing is NaN, refused as well
  if (prompt === undefined || completion === undefined) return null
  if (miss !== undefined && miss + (cacheRead ?? 0) !== prompt) return null
  return {
    prompt,
    completion,
    cacheRead: cacheRead ?? 0,
    cacheWrite: cacheWrite ?? 0,
    reasoning: reasoning ?? 0,
    total: total ?? null,
  }
}

/** Anthropic prices what it keeps for five minutes and for an hour apart, and so tells them apart. */
function readWrites(value: unknown): number | null {
  const part = readPart(value)
  if (part === null) return null
  const short = agree(part.ephemeral_5m_input_tokens)
  const long = agree(part.ephemeral_1h_input_tokens)
  if (short === null || long === null) return null
  return (short ?? 0) + (long ?? 0)
}

/** Parts the totals into kinds; null when the parts exceed what they are parts of. */
function split({ prompt, completion, cacheRead, cacheWrite, reasoning, total }: Counts, rule: CountingRule) {
  const beside = rule.cacheIsPart ? 0 : cacheRead + cacheWrite
  // Relays put one vendor's answer into another's form: where the sum decides how reasoning was counted, it is believed.
  const reasoningIsPart =
    reasoning > 0 && total === prompt + beside + completion + reasoning
      ? false
      : // Stryker disable next-line ArithmeticOperator: nobody yet counts both reasoning and cache on top
        rule.reasoningIsPart || total === prompt + beside + completion
  // Gemini's thoughts show in the total alone.
  const unnamed = reasoningIsPart || reasoning > 0 ? 0 : Math.max(0, (total ?? 0) - prompt - completion)
  const usage: Usage = {
    inputTokens: rule.cacheIsPart ? prompt - cacheRead - cacheWrite : prompt,
    cacheReadTokens: cacheRead,
    cacheWriteTokens: cacheWrite,
    outputTokens: reasoningIsPart ? completion - reasoning : completion,
    reasoningTokens: reasoning + unnamed,
  }
  const isWhole = total === null || total >= prompt + completion
  return isWhole && Object.values(usage).every((tokens) => tokens >= 0) ? usage : null
}

function isBelievable(usage: Usage, own: OwnCount): boolean {
  const prompt = usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens
  const output = usage.outputTokens + usage.reasoningTokens
  return (
    prompt > 0 &&
    output * PLAUSIBLE_CHARACTERS >= own.textLength &&
    prompt <= own.promptTokens * PLAUSIBLE_FACTOR + PLAUSIBLE_EXTRA &&
    output <= own.outputCap * PLAUSIBLE_FACTOR + PLAUSIBLE_EXTRA
  )
}

/**
 * One count that may stand under several names. A zero beside another number is a default somebody filled in.
 * @returns undefined when it stands nowhere, null when one is no count or two disagree
 */
function agree(...values: unknown[]): number | null | undefined {
  let known: number | undefined
  for (const value of values) {
    // Vendors also write null for nothing.
    if (value === undefined || value === null) continue
    if (!isCount(value) || (known && value && known !== value)) return null
    known = Math.max(known ?? 0, value)
  }
  return known
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= 2_147_483_647
}

/** A nested object; empty when it is absent, also in the form of an empty list; null when it is something else. */
function readPart(value: unknown): Record<string, unknown> | null {
  if (value === undefined || value === null || (Array.isArray(value) && value.length === 0)) return {}
  return isObject(value) ? value : null
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
