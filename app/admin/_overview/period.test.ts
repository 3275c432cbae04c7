import { expect, it } from 'vitest'
import { readPeriod } from '#app/admin/_overview/period.ts'

it.each([
  [{}, { range: '30d' }],
  [{ range: 'last-month' }, { range: 'last-month' }],
  [{ range: 'decade' }, { range: '30d' }],
  [{ range: 'custom' }, { range: '30d' }],
  [
    { range: 'custom', from: '2026-01-01', to: '2026-01-31' },
    { from: '2026-01-01', to: '2026-01-31' },
  ],
  [{ range: '7d', from: '2026-01-01', to: '2026-01-31' }, { range: '7d' }],
  [{ range: 'custom', from: '2026-02-01', to: '2026-01-31' }, { range: '30d' }],
  [{ range: 'custom', from: '2020-01-01', to: '2026-01-31' }, { range: '30d' }],
  [{ range: 'custom', from: '2026-02-30', to: '2026-03-31' }, { range: '30d' }],
  [{ range: ['7d', '90d'] }, { range: '30d' }],
])('of %j is %j', (params, period) => {
  expect(readPeriod(params)).toEqual(period)
})
