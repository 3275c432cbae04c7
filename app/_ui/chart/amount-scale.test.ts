import fc from 'fast-check'
import { expect, test } from 'vitest'
import { amountScale, share } from '#app/_ui/chart/amount-scale.ts'

test('an axis starts at zero and ends at a round number', () => {
  expect(amountScale([0n, 8_418_000n, 3_000_000n])).toEqual({
    max: 10_000_000n,
    ticks: [0n, 2_000_000n, 4_000_000n, 6_000_000n, 8_000_000n, 10_000_000n],
  })
  expect(amountScale([]).ticks[0]).toBe(0n)
  expect(amountScale([0n]).max).toBe(1_000_000n)
})

test('every amount fits, whatever it is', () => {
  const amounts = fc.array(fc.bigInt({ min: 0n, max: 10n ** 18n }), { minLength: 1, maxLength: 30 })
  fc.assert(
    fc.property(amounts, (micros) => {
      const { max, ticks } = amountScale(micros)
      expect(ticks[0]).toBe(0n)
      expect(ticks.at(-1)).toBe(max)
      expect(ticks).toEqual([...new Set(ticks)].sort((a, b) => (a < b ? -1 : 1)))
      for (const one of micros) expect(share(one, max)).toBeLessThanOrEqual(100.01)
    }),
  )
})

test('a share is a percentage', () => {
  expect(share(1n, 3n)).toBe(33.33)
  expect(share(0n, 5n)).toBe(0)
  expect(share(5n, 0n)).toBe(0)
})
