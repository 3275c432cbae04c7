import { expect, it } from 'vitest'
import { creditsField } from '#app/admin/_parts/credits-field.ts'
import { ungroup } from '#app/admin/_parts/ungroup.ts'

it.each([
  ['2.5', 2_500_000n],
  [' 12 ', 12_000_000n],
  ['1,234.5', 1_234_500_000n],
  ['1,234,567', 1_234_567_000_000n],
])('%s is an amount', (text, micros) => {
  expect(creditsField.parse(text)).toBe(micros)
})

// Where a comma is the decimal point 2,5 is two and a half: taken for thousands it would be ten times as much.
it.each(['2,5', '12,50', '1,2345', '1234,567', ',5', '1,234,56', '0', '-1', ''])('%s is none', (text) => {
  expect(creditsField.safeParse(text).success).toBe(false)
})

it('takes out only commas that stand between thousands', () => {
  expect([' 1,000 ', '1,000.25', '12,50', '1.5'].map(ungroup)).toEqual(['1000', '1000.25', '12,50', '1.5'])
})
