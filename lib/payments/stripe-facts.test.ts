import type Stripe from 'stripe'
import { describe, expect, it } from 'vitest'
import { newDispute } from '#tests/support/stripe/after-payment.ts'
import { describeDispute, describePayment, readMetadata } from './stripe-facts.ts'

const USD = { amount: 1_000, currency: 'usd' }

/** Movements of the balance, oldest first: amount, its currency, the rate of the day. */
function disputeWith(
  moves: [amount: number, currency: string, rate: number | null][],
  fields: Partial<Stripe.Dispute> = {},
) {
  const made = newDispute(
    { id: 'du_1', created: 1, livemode: false, amount: 1_000 },
    { id: 'ch_1', currency: 'usd', payment_intent: 'pi_1' } as Stripe.Charge,
    { inquiry: false, dueBy: 2 },
  )
  const balance_transactions = moves.map(([amount, currency, exchange_rate], index) => {
    return { amount, currency, exchange_rate, created: 10 + index } as Stripe.BalanceTransaction
  })
  // Stripe promises no order.
  return { ...made, ...fields, balance_transactions: balance_transactions.toReversed() }
}

const moved = (dispute: Stripe.Dispute, payment = USD) => {
  const { withdrawnMinor, reinstatedMinor } = describeDispute(dispute, payment)
  return [withdrawnMinor, reinstatedMinor]
}

describe('describeDispute', () => {
  it('counts movements in the payment’s own currency as they are, however often it goes back and forth', () => {
    expect(moved(disputeWith([]))).toEqual([0n, 0n])
    expect(moved(disputeWith([[-1_000, 'usd', null]]))).toEqual([1_000n, 0n])
    expect(
      moved(
        disputeWith([
          [-1_000, 'usd', null],
          [700, 'usd', null],
        ]),
      ),
    ).toEqual([1_000n, 700n])
    const again: [number, string, null] = [-1_000, 'usd', null]
    expect(moved(disputeWith([again, [1_000, 'usd', null], again]))).toEqual([2_000n, 1_000n])
  })

  it('takes what came back whole for whole, at whatever rate, and a part for a part', () => {
    const taken: [number, string, number] = [-7_812, 'hkd', 7.8123]
    expect(moved(disputeWith([taken]))).toEqual([1_000n, 0n])
    expect(moved(disputeWith([taken, [7_722, 'hkd', 7.7221]]))).toEqual([1_000n, 1_000n])
    expect(moved(disputeWith([taken, [8_001, 'hkd', 8.0011]]))).toEqual([1_000n, 1_000n])
    expect(moved(disputeWith([taken, [5_405, 'hkd', 7.7221]]))).toEqual([1_000n, 700n])
  })

  it('gives back no more than was taken, and nothing that was not', () => {
    expect(
      moved(
        disputeWith([
          [-1_000, 'usd', null],
          [1_100, 'usd', null],
        ]),
      ),
    ).toEqual([1_000n, 1_000n])
    expect(moved(disputeWith([[500, 'hkd', 7.8]]))).toEqual([0n, 0n])
  })

  it('counted in another currency than the payment’s, it is about all of the payment', () => {
    const dispute = disputeWith([[-7_800, 'hkd', 7.8]], { amount: 920, currency: 'eur' })
    expect(describeDispute(dispute, USD)).toMatchObject({ amountMinor: 1_000n, withdrawnMinor: 1_000n })
    expect(moved(disputeWith([[-920, 'eur', null]], { amount: 920, currency: 'eur' }))).toEqual([1_000n, 0n])
  })

  it.each([
    ['warning_needs_response', 'inquiry'],
    ['warning_under_review', 'inquiry'],
    ['warning_closed', 'closed'],
    ['prevented', 'won'],
    ['needs_response', 'open'],
    ['under_review', 'open'],
    ['something_new', 'open'],
    ['won', 'won'],
    ['lost', 'lost'],
  ])('is %s: %s', (status, state) => {
    expect(describeDispute(disputeWith([], { status }), USD).state).toBe(state)
  })
})

describe('describePayment', () => {
  const session = (status: string, payment_status: string) =>
    ({ id: 'cs_1', status, payment_status, url: 'https://pay.example' }) as Stripe.Checkout.Session
  const intent = (status: string, amount_received = 0) =>
    ({ id: 'pi_1', status, amount_received, currency: 'usd' }) as Stripe.PaymentIntent
  const stateOf = (...of: Parameters<typeof describePayment>) => describePayment(...of).state

  it('is paid when the session says so and the money was received, not by either alone', () => {
    expect(stateOf(session('complete', 'paid'), intent('succeeded', 1))).toBe('paid')
    expect(stateOf(null, intent('succeeded', 1))).toBe('paid')
    expect(stateOf(session('complete', 'unpaid'), intent('succeeded', 1))).toBe('pending')
    expect(stateOf(session('complete', 'paid'), intent('processing'))).toBe('pending')
    expect(stateOf(session('complete', 'paid'), intent('requires_capture'))).toBe('pending')
    expect(stateOf(session('complete', 'paid'), intent('succeeded', 0))).toBe('pending')
    expect(stateOf(session('complete', 'paid'), null)).toBe('pending')
    expect(describePayment(session('complete', 'paid'), null).paid).toBeNull()
  })

  it('is over when nobody can pay any more', () => {
    expect(stateOf(session('expired', 'unpaid'), intent('canceled'))).toBe('expired')
    expect(stateOf(session('complete', 'unpaid'), intent('requires_payment_method'))).toBe('failed')
    expect(stateOf(session('complete', 'unpaid'), intent('canceled'))).toBe('failed')
    expect(stateOf(session('complete', 'no_payment_required'), null)).toBe('failed')
    expect(stateOf(null, intent('canceled'))).toBe('open')
  })

  it('can be paid while its session is open', () => {
    expect(describePayment(session('open', 'unpaid'), null)).toMatchObject({
      state: 'open',
      paymentUrl: 'https://pay.example',
    })
    expect(stateOf(session('open', 'unpaid'), intent('requires_action'))).toBe('open')
    expect(stateOf(session('open', 'unpaid'), intent('processing'))).toBe('pending')
    expect(describePayment(session('complete', 'paid'), intent('succeeded', 1))).not.toHaveProperty('paymentUrl')
  })
})

it('whose a payment is must be an id', () => {
  const id = '01900000-0000-7000-8000-000000000001'
  expect(readMetadata({ order_id: id, site: 'https://x.example' })).toEqual({ orderId: id, site: 'https://x.example' })
  for (const metadata of [null, {}, { order_id: 'x' }, { order_id: `${id} ` }] as (Stripe.Metadata | null)[]) {
    expect(readMetadata(metadata)).toEqual({ orderId: null, site: null })
  }
})
