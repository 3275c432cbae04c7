import { describe, expect, it } from 'vitest'
import { lossesOf, marginPermille, priceSums, type UnitPrices } from './price-math.ts'

const prices: UnitPrices = {
  inputMicros: 2_000_000n,
  cacheReadMicros: 200_000n,
  cacheWriteMicros: 2_500_000n,
  outputMicros: 10_000_000n,
  reasoningMicros: 10_000_000n,
  requestMicros: 1_000n,
  costInputMicros: 1_000_000n,
  costCacheReadMicros: 100_000n,
  costCacheWriteMicros: 1_250_000n,
  costOutputMicros: 5_000_000n,
  costReasoningMicros: 5_000_000n,
}

it('sums are priced by kind, and the cost knows no price for a call', () => {
  const sums = { input: 1_000_000, cacheRead: 2_000_000, cacheWrite: 0, output: 500_000, reasoning: 100_000, calls: 10 }
  expect(priceSums(sums, prices)).toEqual({ revenueMicros: 8_410_000n, costMicros: 4_200_000n })
  const nothing = { input: 0, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: 0, calls: 0 }
  expect(priceSums(nothing, prices)).toEqual({ revenueMicros: 0n, costMicros: 0n })
})

it('a loss is named by its kind; what only covers its cost is none', () => {
  expect(lossesOf(prices)).toEqual([])
  expect(
    lossesOf({ ...prices, outputMicros: 5_000_000n, inputMicros: 999_999n, costCacheReadMicros: 200_001n }),
  ).toEqual(['input', 'cacheRead'])
})

describe('marginPermille', () => {
  it.each([
    [6_000n, 5_000n, 167],
    [10n, 10n, 0],
    [10n, 15n, -500],
    [10n, 0n, 1_000],
    [0n, 10n, null],
  ])('of %s for %s', (revenue, cost, margin) => {
    expect(marginPermille(revenue, cost)).toBe(margin)
  })
})
