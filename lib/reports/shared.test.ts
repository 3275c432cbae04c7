import { expect, it } from 'vitest'
import { daysOf, isPeriod, listDays, periodBefore, periodOf, RANGES } from './shared.ts'

it.each([
  ['today', '2024-02-29', '2024-02-29', '2024-02-29'],
  ['7d', '2024-03-02', '2024-02-25', '2024-03-02'],
  ['30d', '2026-03-01', '2026-01-31', '2026-03-01'],
  ['90d', '2026-03-31', '2026-01-01', '2026-03-31'],
  ['month', '2026-03-31', '2026-03-01', '2026-03-31'],
  ['last-month', '2024-03-31', '2024-02-01', '2024-02-29'],
  ['last-month', '2026-01-15', '2025-12-01', '2025-12-31'],
  ['year', '2026-11-23', '2026-01-01', '2026-11-23'],
] as const)('%s on %s is from %s to %s', (range, today, from, to) => {
  expect(periodOf(range, today)).toEqual({ from, to })
})

it('the period before ends where a period begins, and is as long', () => {
  expect(periodBefore({ from: '2026-03-01', to: '2026-03-01' })).toEqual({ from: '2026-02-28', to: '2026-02-28' })
  for (const range of RANGES) {
    const period = periodOf(range, '2026-03-31')
    expect(daysOf(periodBefore(period))).toBe(daysOf(period))
    expect(listDays(period)).toHaveLength(daysOf(period))
    expect(listDays(period).at(-1)).toBe(period.to)
  }
})

it.each([
  ['2026-01-01', '2026-01-01', true],
  ['2024-01-01', '2024-12-31', true],
  ['2025-01-01', '2026-01-02', false],
  ['2026-01-02', '2026-01-01', false],
  ['2026-02-29', '2026-03-01', false],
  ['2026-2-1', '2026-03-01', false],
  ['2026-01-01T00:00', '2026-03-01', false],
  ['', '2026-03-01', false],
  [null, undefined, false],
])('from %s to %s is a period: %s', (from, to, is) => {
  expect(isPeriod(from, to)).toBe(is)
})
