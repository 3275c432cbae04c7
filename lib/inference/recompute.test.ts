import fc from 'fast-check'
import { expect, test } from 'vitest'
import { recomputeCost, type Usage, type UsageRecord } from '#lib/inference/index.ts'
import { addUsage, NO_USAGE } from './pricing.ts'

const tokens = fc.nat(2_000_000)
const usage: fc.Arbitrary<Usage> = fc.record({
  inputTokens: tokens,
  cacheReadTokens: tokens,
  cacheWriteTokens: tokens,
  outputTokens: tokens,
  reasoningTokens: tokens,
})
// Up to a thousand million credits for a million tokens: far beyond what a double counts exactly.
const price = fc.oneof(fc.constant(0n), fc.bigInt({ min: 1n, max: 10n ** 15n }))
const prices = fc.record({
  inputPriceMicros: price,
  cacheReadPriceMicros: price,
  cacheWritePriceMicros: price,
  outputPriceMicros: price,
  reasoningPriceMicros: price,
  requestPriceMicros: price,
})

test('any receipt comes to the exact cost, rounded up once, however its tokens arrived', () => {
  fc.assert(
    fc.property(fc.array(usage, { minLength: 1, maxLength: 6 }), prices, (parts, unit) => {
      const total = parts.reduce(addUsage, NO_USAGE)
      const receipt = { outcome: 'completed', usageSource: 'reported', ...total, ...unit } as UsageRecord
      const charged = recomputeCost(receipt)
      const exact =
        BigInt(total.inputTokens) * unit.inputPriceMicros +
        BigInt(total.cacheReadTokens) * unit.cacheReadPriceMicros +
        BigInt(total.cacheWriteTokens) * unit.cacheWritePriceMicros +
        BigInt(total.outputTokens) * unit.outputPriceMicros +
        BigInt(total.reasoningTokens) * unit.reasoningPriceMicros +
        unit.requestPriceMicros * 1_000_000n
      expect(charged * 1_000_000n - exact).toBeGreaterThanOrEqual(0n)
      expect(charged * 1_000_000n - exact).toBeLessThan(1_000_000n)
      expect(recomputeCost({ ...receipt, outcome: 'failed' })).toBe(0n)
    }),
  )
})
