import { expect, it } from 'vitest'
import { changeOf, formatMoney, formatWait, microsOf, shareOf } from '#app/admin/_overview/amounts.ts'

it.each([
  [0n, '$0'],
  [4_210n, '$0.0042'],
  [-4_210n, '-$0.0042'],
  [999_999n, '$1'],
  [12_500_000n, '$12.50'],
  [12_340_000n, '$12.34'],
  [1_280_400_000n, '$1,280'],
])('%i micro-credits are %s', (micros, text) => {
  expect(formatMoney(micros, 'USD', 'en')).toBe(text)
})

it('cents and yen are credits', () => {
  expect(microsOf(1_250n, 2)).toBe(12_500_000n)
  expect(microsOf(500n, 0)).toBe(500_000_000n)
})

it('a change is a fraction of what was', () => {
  expect(changeOf(15n, 10n)).toBe(0.5)
  expect(changeOf(-5, -10)).toBe(0.5)
  expect(changeOf(0, 0)).toBe(0)
  expect(changeOf(3, 0)).toBeNull()
  expect(shareOf(1, 4)).toBe(0.25)
  expect(shareOf(0, 0)).toBeNull()
})

it('a wait has two digits or so', () => {
  expect([480, 1_234, 14_400, null].map((ms) => formatWait(ms, 'en'))).toEqual(['480ms', '1.2s', '14s', '–'])
})
