import type { Usage } from './shared.ts'

/** How a vendor counts: details are part of the totals (`subset`), or come on top of them (`additive`). */
type CountingRule = { cache: 'subset' | 'additive'; reasoning: 'subset' | 'additive' }

const SUBSET: CountingRule = { cache: 'subset', reasoning: 'subset' }
const RULES: Record<string, CountingRule> = {
  anthropic: { cache: 'additive', reasoning: 'subset' },
  gemini: { cache: 'subset', reasoning: 'additive' },
}

/** What we know ourselves of a call: what a vendor's numbers must be near to be believed. */
export type OwnCount = { promptTokens: number; outputCap: number; contextTokens: number }

/** Tokenizers differ, and vendors add words of their own; more than this is no tokenizer's difference. */
const PLAUSIBLE_FACTOR = 4
const PLAUSIBLE_EXTRA = 4_096

/**
 * Reads the usage object of a vendor into kinds that do not overlap.
 * @returns null when it is not one, contradicts itself or is beyond belief: then we count ourselves
 */
export function normalizeUsage(raw: unknown, vendor: string, own: OwnCount): Usage | null {
  if (!isObject(raw)) return null
  const rule = RULES[vendor] ?? SUBSET
  const promptDetails = isObject(raw.prompt_tokens_details) ? raw.prompt_tokens_details : {}
  const outputDetails = isObject(raw.completion_tokens_details) ? raw.completion_tokens_details : {}

  const prompt = readCount(raw.prompt_tokens)
  const completion = readCount(raw.completion_tokens)
  const cacheRead = readCount(
    firstOf(
      promptDetails.cached_tokens,
      raw.prompt_cache_hit_tokens,
      raw.cache_read_input_tokens,
      raw.cached_tokens,
      0,
    ),
  )
  const cacheWrite = readCount(
    firstOf(
      promptDetails.cache_write_tokens,
      promptDetails.cache_creation_tokens,
      promptDetails.cache_creation_input_tokens,
      raw.cache_creation_input_tokens,
      0,
    ),
  )
  const reasoning = readCount(firstOf(outputDetails.reasoning_tokens, raw.reasoning_tokens, 0))
  if (prompt === null || completion === null || cacheRead === null || cacheWrite === null || reasoning === null)
    return null

  const usage: Usage = {
    inputTokens: rule.cache === 'subset' ? prompt - cacheRead - cacheWrite : prompt,
    cacheReadTokens: cacheRead,
    cacheWriteTokens: cacheWrite,
    outputTokens: rule.reasoning === 'subset' ? completion - reasoning : completion,
    reasoningTokens: reasoning,
  }
  return isBelievable(usage, own) ? usage : null
}

function isBelievable(usage: Usage, own: OwnCount): boolean {
  const prompt = usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens
  const output = usage.outputTokens + usage.reasoningTokens
  return (
    Object.values(usage).every((tokens) => tokens >= 0) &&
    prompt > 0 &&
    prompt <= own.promptTokens * PLAUSIBLE_FACTOR + PLAUSIBLE_EXTRA &&
    output <= own.outputCap * PLAUSIBLE_FACTOR + PLAUSIBLE_EXTRA
  )
}

function readCount(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= 2_147_483_647 ? value : null
}

/** The first that is there; vendors also write null for zero. */
function firstOf(...values: unknown[]): unknown {
  return values.find((value) => value !== undefined && value !== null)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
