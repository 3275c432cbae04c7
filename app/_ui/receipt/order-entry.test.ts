import { expect, test } from 'vitest'
import { orderEntryOf } from '#app/_ui/receipt/order-entry.ts'

test.each([
  ['top_up', 'in', 'top_up'],
  ['promotion', 'in', 'promotion'],
  ['refund', 'out', 'refund'],
  ['dispute', 'out', 'dispute'],
  ['reversal', 'in', 'returned'],
  ['reversal', 'out', 'bonusBack'],
] as const)('%s, %s, is the %s of its order', (kind, direction, is) => {
  expect(orderEntryOf({ kind, direction, reference: 'order:o-1' })).toEqual({ orderId: 'o-1', is })
})

test.each([
  ['promotion', null],
  ['redemption', 'code:1'],
  ['goodwill', 'order:o-1'],
  ['top_up', 'reorder:o-1'],
] as const)('%s under %s belongs to none', (kind, reference) => {
  expect(orderEntryOf({ kind, direction: 'in', reference })).toBeNull()
})
