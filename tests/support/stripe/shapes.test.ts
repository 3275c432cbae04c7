import { describe, expect, it } from 'vitest'
import { newAccount } from './after-payment.ts'
import { newLineItem } from './objects.ts'
import { shapeProblems } from './shapes.ts'

const account = newAccount({ id: 'acct_1', currency: 'usd', created: 1 })
const movement = {
  id: 'txn_1',
  object: 'balance_transaction',
  amount: 100,
  available_on: 1,
  balance_type: 'payments',
  created: 1,
  currency: 'usd',
  description: null,
  exchange_rate: 7.8,
  fee: 30,
  fee_details: [{ amount: 30, application: null, currency: 'usd', description: null, type: 'stripe_fee' }],
  net: 70,
  reporting_category: 'charge',
  source: 'ch_1',
  status: 'pending',
  type: 'charge',
}

describe('the shapes of Stripe', () => {
  it('finds nothing wrong with what is right', () => {
    expect(shapeProblems(account, 'Account')).toEqual([])
    expect(shapeProblems(movement, 'BalanceTransaction')).toEqual([])
  })

  it('misses a member, also deep inside', () => {
    const { net, ...rest } = movement
    expect(net).toBe(70)
    expect(shapeProblems(rest, 'BalanceTransaction')).toEqual(['BalanceTransaction.net is missing'])
    const unnamed = {
      ...movement,
      fee_details: [{ amount: 30, currency: 'usd', description: null, type: 'stripe_fee' }],
    }
    expect(shapeProblems(unnamed, 'BalanceTransaction')).toEqual([
      'BalanceTransaction.fee_details[0].application is missing',
    ])
  })

  it('knows which members there are', () => {
    expect(shapeProblems({ ...movement, feeDetails: [] }, 'BalanceTransaction')).toEqual([
      'BalanceTransaction.feeDetails is unknown',
    ])
  })

  it('takes only documented values, though the type would take any string', () => {
    expect(shapeProblems({ ...movement, type: 'charged' }, 'BalanceTransaction')).toEqual([
      expect.stringMatching(/^BalanceTransaction\.type is "charged", not one of 'adjustment', 'advance', /),
    ])
  })

  it('takes null only where it may be', () => {
    expect(shapeProblems({ ...movement, exchange_rate: null }, 'BalanceTransaction')).toEqual([])
    expect(shapeProblems({ ...movement, amount: null }, 'BalanceTransaction')).toEqual([
      'BalanceTransaction.amount is null, not a number',
    ])
  })

  it('takes a number for a number', () => {
    expect(shapeProblems({ ...movement, amount: '100' }, 'BalanceTransaction')).toEqual([
      'BalanceTransaction.amount is "100", not a number',
    ])
  })

  it('follows what is expanded, to the kind of object that it says it is', () => {
    const refund = { id: 're_1', object: 'refund' }
    expect(shapeProblems({ ...movement, source: refund }, 'BalanceTransaction')).toContain(
      'BalanceTransaction.source.amount is missing',
    )
    expect(shapeProblems({ ...movement, source: refund }, 'BalanceTransaction')).not.toContain(
      'BalanceTransaction.source.evidence is missing',
    )
  })

  it('looks into lists and metadata', () => {
    const list = { object: 'list', data: [movement], has_more: false, url: '/v1/balance_transactions' }
    expect(shapeProblems(list, 'ApiList<BalanceTransaction>')).toEqual([])
    expect(shapeProblems({ ...list, data: [{ ...movement, id: 1 }] }, 'ApiList<BalanceTransaction>')).toEqual([
      'ApiList<BalanceTransaction>.data[0].id is 1, not a string',
    ])
    const item = newLineItem({ id: 'li_1', currency: 'usd', amount: 1, quantity: 1, description: 'x' })
    expect(shapeProblems({ ...item, metadata: { any: 'text' } }, 'LineItem')).toEqual([])
    expect(shapeProblems({ ...item, metadata: { any: 5 } }, 'LineItem')).toEqual([
      'LineItem.metadata.any is 5, not a string',
    ])
  })

  it('knows which object an event carries, and that it may tell only some of what was before', () => {
    const event = {
      id: 'evt_1',
      object: 'event',
      api_version: null,
      created: 1,
      data: { object: account, previous_attributes: { email: null } },
      livemode: false,
      pending_webhooks: 1,
      request: null,
      type: 'account.updated',
    }
    expect(shapeProblems(event, 'Event')).toEqual([])
    expect(shapeProblems({ ...event, type: 'charge.updated' }, 'Event')).toContain(
      'Event.data.object.amount is missing',
    )
    expect(shapeProblems({ ...event, type: 'charge.upset' }, 'Event')).not.toEqual([])
    expect(
      shapeProblems({ ...event, data: { object: account, previous_attributes: { mail: null } } }, 'Event'),
    ).toEqual(['Event.data.previous_attributes.mail is unknown'])
  })
})
