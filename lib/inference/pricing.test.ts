import { describe, expect, it } from 'vitest'
import type { Price } from './call.ts'
import {
  addUsage,
  affordedOutput,
  costOf,
  NO_USAGE,
  vendorCostOf,
  worstCost,
  worstInput,
  worstOutput,
} from './pricing.ts'

// Each kind has a price of its own, so that one taken for another shows.
const price: Price = {
  versionId: 'v',
  inputMicros: 1_000_000n,
  cacheReadMicros: 100_000n,
  cacheWriteMicros: 1_250_000n,
  outputMicros: 8_000_000n,
  reasoningMicros: 9_000_000n,
  requestMicros: 7n,
  costInputMicros: 500_000n,
  costCacheReadMicros: 50_000n,
  costCacheWriteMicros: 625_000n,
  costOutputMicros: 4_000_000n,
  costReasoningMicros: 4_500_000n,
}
const KINDS = ['input', 'cacheRead', 'cacheWrite', 'output', 'reasoning'] as const
const million = (kind: (typeof KINDS)[number]) => ({ ...NO_USAGE, [`${kind}Tokens`]: 1_000_000 })

describe('the cost of a call', () => {
  it.each(KINDS)('has %s at its own price, for the person and for us', (kind) => {
    const cost = `cost${kind[0]!.toUpperCase()}${kind.slice(1)}Micros` as keyof Price
    expect(costOf(million(kind), price)).toBe((price[`${kind}Micros`] as bigint) + 7n)
    expect(vendorCostOf(million(kind), price)).toBe(price[cost])
  })

  it('adds its kinds before it is rounded up, once', () => {
    const third = { ...NO_USAGE, inputTokens: 1, cacheReadTokens: 1 }
    const cheap = { ...price, inputMicros: 500_000n, cacheReadMicros: 500_000n, requestMicros: 0n }
    expect(costOf(third, cheap)).toBe(1n)
    expect(vendorCostOf(third, { ...cheap, costInputMicros: 500_000n, costCacheReadMicros: 500_001n })).toBe(2n)
  })

  it('of nothing is the price of the request, and costs us nothing', () => {
    expect(costOf(NO_USAGE, price)).toBe(7n)
    expect(vendorCostOf(NO_USAGE, price)).toBe(0n)
    expect(Object.values(NO_USAGE)).toEqual([0, 0, 0, 0, 0])
  })
})

it('usage adds up kind by kind', () => {
  const usage = { inputTokens: 1, cacheReadTokens: 2, cacheWriteTokens: 3, outputTokens: 4, reasoningTokens: 5 }
  const more = { inputTokens: 10, cacheReadTokens: 20, cacheWriteTokens: 30, outputTokens: 40, reasoningTokens: 50 }
  expect(addUsage(usage, more)).toEqual({
    inputTokens: 11,
    cacheReadTokens: 22,
    cacheWriteTokens: 33,
    outputTokens: 44,
    reasoningTokens: 55,
  })
})

describe('the worst that a call can cost', () => {
  it.each(['inputMicros', 'cacheReadMicros', 'cacheWriteMicros'])('takes a prompt for the dearest: %s', (kind) => {
    expect(worstInput({ ...price, [kind]: 20_000_000n })).toBe(20_000_000n)
  })

  it.each(['outputMicros', 'reasoningMicros'])('takes an answer for the dearest: %s', (kind) => {
    expect(worstOutput({ ...price, [kind]: 20_000_000n })).toBe(20_000_000n)
  })

  it('is prompt and answer at those, with the price of the request', () => {
    expect(worstCost(price, 1_000_000, 0)).toBe(1_250_000n + 7n)
    expect(worstCost(price, 0, 1_000_000)).toBe(9_000_000n + 7n)
    expect(worstCost(price, 1, 1)).toBe(11n + 7n)
  })
})

describe('the output that a hold pays for', () => {
  // The request 7, and a hundred tokens of the prompt 125.
  const afford = (heldMicros: bigint, change: Partial<Price> = {}) =>
    affordedOutput({ ...price, ...change }, { promptTokens: 100, outputCap: 1_000, heldMicros })

  it('is what was wanted where that is paid for, and no more', () => {
    expect([afford(132n + 9_000n), afford(132n + 9_001n), afford(1_000_000n)]).toEqual([1_000, 1_000, 1_000])
  })

  it('is else the last token that costs no more in the worst case', () => {
    expect([afford(132n + 8_999n), afford(132n + 17n), afford(132n + 9n), afford(132n + 8n)]).toEqual([999, 1, 1, 0])
    for (const tokens of [0, 1, 2, 999]) expect(afford(worstCost(price, 100, tokens))).toBe(tokens)
  })

  it('is nothing where not even the prompt is paid for', () => {
    expect([afford(132n), afford(131n), afford(100n), afford(1n)]).toEqual([0, 0, 0, 0])
  })

  it('is what was wanted where output is free', () => {
    expect(afford(1n, { outputMicros: 0n, reasoningMicros: 0n })).toBe(1_000)
  })
})
