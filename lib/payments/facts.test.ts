import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  creditsFor,
  type DisputeFact,
  disputedOf,
  joinDispute,
  joinRefund,
  keptOf,
  laterState,
  type RefundFact,
  refundedOf,
} from './facts.ts'
import type { DisputeState, OrderState, RefundState } from './shared.ts'

const minor = fc.bigInt({ min: 1n, max: 10n ** 9n })
const refund: fc.Arbitrary<RefundFact> = fc.record({
  id: fc.constant('re_1'),
  amountMinor: fc.constant(500n),
  state: fc.constantFrom<RefundState>('pending', 'succeeded', 'failed'),
})
const least = (a: bigint, b: bigint) => [a, b].sort((x, y) => Number(x - y))[0]!
const dispute: fc.Arbitrary<DisputeFact> = fc
  .record({
    amountMinor: minor,
    taken: minor,
    given: minor,
    state: fc.constantFrom<DisputeState>('inquiry', 'closed', 'open', 'won', 'lost'),
  })
  .map(({ taken, given, ...fact }) => {
    const withdrawnMinor = least(taken, fact.amountMinor)
    return { id: 'dp_1', ...fact, withdrawnMinor, reinstatedMinor: least(given, withdrawnMinor) }
  })
const state = fc.constantFrom<OrderState>('open', 'pending', 'expired', 'canceled', 'review', 'paid')

describe('what is said of a payment', () => {
  it('counts the same in any order, and however often it is said', () => {
    const all = <T>(join: (known: T | undefined, said: T) => T, said: T[]) =>
      said.reduce<T | undefined>((known, one) => join(known, one), undefined)
    fc.assert(
      fc.property(
        fc.array(refund, { minLength: 1 }),
        fc.array(dispute, { minLength: 1 }),
        fc.array(state),
        (r, d, s) => {
          expect(all(joinRefund, r.toReversed())).toEqual(all(joinRefund, [...r, ...r]))
          expect(all(joinDispute, d.toReversed())).toEqual(all(joinDispute, [...d, ...d]))
          expect(s.toReversed().reduce(laterState, 'open')).toBe([...s, ...s].reduce(laterState, 'open'))
        },
      ),
    )
  })

  it.each<[OrderState, OrderState, OrderState]>([
    ['open', 'pending', 'pending'],
    ['pending', 'open', 'pending'],
    ['canceled', 'expired', 'canceled'],
    ['expired', 'canceled', 'canceled'],
    ['canceled', 'rejected', 'canceled'],
    ['pending', 'failed', 'failed'],
    ['failed', 'pending', 'failed'],
    ['rejected', 'paid', 'paid'],
    ['review', 'failed', 'review'],
    ['paid', 'expired', 'paid'],
  ])('an order that is %s and said to be %s is %s', (known, said, is) => {
    expect(laterState(known, said)).toBe(is)
  })

  it.each<[RefundState, RefundState, RefundState]>([
    ['pending', 'succeeded', 'succeeded'],
    ['succeeded', 'pending', 'succeeded'],
    ['succeeded', 'failed', 'failed'],
    ['failed', 'succeeded', 'failed'],
    ['canceled', 'pending', 'canceled'],
  ])('a refund that is %s and said to be %s is %s', (known, said, is) => {
    const fact = { id: 're_1', amountMinor: 5n }
    expect(joinRefund({ ...fact, state: known }, { ...fact, state: said }).state).toBe(is)
  })

  it.each<[DisputeState, DisputeState, DisputeState]>([
    ['inquiry', 'closed', 'closed'],
    ['closed', 'inquiry', 'closed'],
    ['closed', 'open', 'open'],
    ['open', 'won', 'won'],
    ['won', 'open', 'won'],
    ['lost', 'open', 'lost'],
  ])('a dispute that is %s and said to be %s is %s', (known, said, is) => {
    const fact = { id: 'dp_1', amountMinor: 5n, withdrawnMinor: 0n, reinstatedMinor: 0n }
    expect(joinDispute({ ...fact, state: known }, { ...fact, state: said }).state).toBe(is)
  })
})

describe('what is kept', () => {
  const given = (state: RefundState, amountMinor: bigint, id = state) => ({ id, state, amountMinor })
  const taken = (withdrawnMinor: bigint, reinstatedMinor = 0n) =>
    ({ id: 'dp', state: 'open', amountMinor: 900n, withdrawnMinor, reinstatedMinor }) as const

  it('is less what is given back or on its way, and not what failed to arrive', () => {
    const refunds = [given('pending', 1n), given('succeeded', 20n), given('failed', 300n), given('canceled', 4_000n)]
    expect(refundedOf(refunds)).toBe(21n)
    expect(keptOf(1_000n, refunds, [])).toBe(979n)
  })

  it('is less what banks took, but for what they returned', () => {
    expect(disputedOf([taken(900n), taken(50n, 30n)])).toBe(920n)
    expect(keptOf(1_000n, [], [taken(900n, 900n)])).toBe(1_000n)
  })

  it('is never less than nothing', () => {
    expect(keptOf(1_000n, [given('succeeded', 600n)], [taken(900n)])).toBe(0n)
  })

  it('buys its share, rounded down, and the whole for the whole price', () => {
    expect(creditsFor(1n, { priceMinor: 3n }, 10n)).toBe(3n)
    expect(creditsFor(2n, { priceMinor: 3n }, 10n)).toBe(6n)
    expect(creditsFor(3n, { priceMinor: 3n }, 10n)).toBe(10n)
    expect(creditsFor(0n, { priceMinor: 3n }, 10n)).toBe(0n)
    fc.assert(
      fc.property(minor, minor, minor, (kept, priceMinor, micros) => {
        const credits = creditsFor(kept, { priceMinor }, micros)
        expect(credits * priceMinor <= micros * kept && (credits + 1n) * priceMinor > micros * kept).toBe(true)
      }),
    )
  })
})
