import { priceOfTokens, TOKENS_PER_PRICE } from '#lib/money.ts'
import type { Price, UnitPrices } from './call.ts'
import type { Usage } from './shared.ts'

export const NO_USAGE: Usage = {
  inputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
}

/** What a call costs the person, in micro-credits. */
export function costOf(usage: Usage, price: UnitPrices): bigint {
  return priceOfTokens(
    [
      { tokens: usage.inputTokens, priceMicros: price.inputMicros },
      { tokens: usage.cacheReadTokens, priceMicros: price.cacheReadMicros },
      { tokens: usage.cacheWriteTokens, priceMicros: price.cacheWriteMicros },
      { tokens: usage.outputTokens, priceMicros: price.outputMicros },
      { tokens: usage.reasoningTokens, priceMicros: price.reasoningMicros },
    ],
    price.requestMicros,
  )
}

/** What a call costs us, in micro-credits. */
export function vendorCostOf(usage: Usage, price: Price): bigint {
  return priceOfTokens([
    { tokens: usage.inputTokens, priceMicros: price.costInputMicros },
    { tokens: usage.cacheReadTokens, priceMicros: price.costCacheReadMicros },
    { tokens: usage.cacheWriteTokens, priceMicros: price.costCacheWriteMicros },
    { tokens: usage.outputTokens, priceMicros: price.costOutputMicros },
    { tokens: usage.reasoningTokens, priceMicros: price.costReasoningMicros },
  ])
}

export function addUsage(a: Usage, b: Usage): Usage {
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    cacheReadTokens: a.cacheReadTokens + b.cacheReadTokens,
    cacheWriteTokens: a.cacheWriteTokens + b.cacheWriteTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    reasoningTokens: a.reasoningTokens + b.reasoningTokens,
  }
}

/** The most that a call with this prompt and this many output tokens can cost, whatever kinds they turn out to be. */
export function worstCost(price: UnitPrices, promptTokens: number, outputTokens: number): bigint {
  return priceOfTokens(
    [
      { tokens: promptTokens, priceMicros: worstInput(price) },
      { tokens: outputTokens, priceMicros: worstOutput(price) },
    ],
    price.requestMicros,
  )
}

/**
 * Output tokens that may be asked for: as many as were wanted, or as many as what is held pays for beside the prompt, so
 * that in the worst case the call costs no more. Zero where it does not pay for the prompt, which no call is let in on.
 */
export function affordedOutput(
  price: UnitPrices,
  call: { promptTokens: number; outputCap: number; heldMicros: bigint },
): number {
  const dearest = worstOutput(price)
  if (dearest === 0n) return call.outputCap
  const left =
    (call.heldMicros - price.requestMicros) * TOKENS_PER_PRICE - BigInt(call.promptTokens) * worstInput(price)
  return Math.max(0, Math.min(call.outputCap, Number(left / dearest)))
}

/** The dearest price that a prompt token can turn out to have. */
export function worstInput(price: UnitPrices): bigint {
  return largest(price.inputMicros, price.cacheReadMicros, price.cacheWriteMicros)
}

/** The dearest price that an output token can turn out to have. */
export function worstOutput(price: UnitPrices): bigint {
  return largest(price.outputMicros, price.reasoningMicros)
}

function largest(...amounts: bigint[]): bigint {
  let most = 0n
  // Stryker disable next-line EqualityOperator: of equal amounts either will do
  for (const amount of amounts) if (amount > most) most = amount
  return most
}
