import { expect, test } from 'vitest'
import { stageOf } from '#app/(account)/credits/orders/stage.ts'
import type { OrderState } from '#lib/payments/shared.ts'

const OPEN = {
  state: 'open',
  method: 'card',
  paymentUrl: 'https://pay.example/1',
  paidMinor: 0n,
  refundedMinor: 0n,
  dispute: null,
} as const
const PAID = { ...OPEN, state: 'paid', paymentUrl: null, paidMinor: 1_000n } as const

test('an order that nobody has paid yet', () => {
  expect(stageOf(OPEN)).toBe('open')
  expect(stageOf(OPEN, true)).toBe('back')
  expect(stageOf({ ...OPEN, paymentUrl: null }, true)).toBe('unready')
  expect(stageOf({ ...OPEN, method: 'manual', paymentUrl: null }, true)).toBe('transfer')
})

test('money on its way, by a provider and by hand', () => {
  expect(stageOf({ ...OPEN, state: 'pending', paymentUrl: null }, true)).toBe('pending')
  expect(stageOf({ ...OPEN, state: 'pending', paymentUrl: null, method: 'manual' })).toBe('reported')
})

test.each([
  [{}, 'paid'],
  [{ refundedMinor: 1n }, 'refundedPart'],
  [{ refundedMinor: 1_000n }, 'refunded'],
  [{ dispute: 'open', refundedMinor: 1n }, 'disputed'],
  [{ dispute: 'lost' }, 'disputeLost'],
  [{ dispute: 'inquiry' }, 'inquiry'],
  [{ dispute: 'inquiry', refundedMinor: 1n }, 'refundedPart'],
  [{ dispute: 'won' }, 'paid'],
  [{ dispute: 'closed' }, 'paid'],
] as const)('paid, and %o', (since, stage) => {
  expect(stageOf({ ...PAID, ...since }, true)).toBe(stage)
})

test.each(['expired', 'failed', 'canceled', 'rejected', 'review'] satisfies OrderState[])('%s', (state) => {
  expect(stageOf({ ...OPEN, state }, true)).toBe(state)
})
