import type Stripe from 'stripe'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { startHarness } from './harness.ts'

const { standIn, stripe, paidIntent, news, leftBehind } = await startHarness()

afterEach(async () => expect(await leftBehind()).toEqual([]))
afterAll(() => standIn.close())

const chargeOf = async (intent: Stripe.PaymentIntent) =>
  (await stripe.charges.list({ payment_intent: intent.id })).data[0] as Stripe.Charge

const movements = async (source: string) =>
  (await stripe.balanceTransactions.list({ source })).data.toReversed().map(({ type, amount }) => [type, amount])

describe('a refund', () => {
  it('to a card succeeds at once, in parts and up to the whole', async () => {
    const intent = await paidIntent()
    news()
    const part = await stripe.refunds.create({
      payment_intent: intent.id,
      amount: 300,
      reason: 'requested_by_customer',
      metadata: { by: 'test' },
    })
    expect(part).toMatchObject({ status: 'succeeded', amount: 300, currency: 'usd', metadata: { by: 'test' } })
    expect(news()).toEqual(['refund.created', 'charge.refunded'])
    expect(await chargeOf(intent)).toMatchObject({ amount_refunded: 300, refunded: false })
    const rest = await stripe.refunds.create({ charge: (await chargeOf(intent)).id })
    expect(rest.amount).toBe(700)
    expect(await chargeOf(intent)).toMatchObject({ amount_refunded: 1000, refunded: true })
    const { data } = await stripe.refunds.list({ payment_intent: intent.id })
    expect(data.map(({ id }) => id)).toEqual([rest.id, part.id])
    expect(await movements(rest.id)).toEqual([['refund', -700]])
    await expect(stripe.refunds.create({ payment_intent: intent.id })).rejects.toMatchObject({
      code: 'charge_already_refunded',
    })
  })

  it('of more than is left, or of nothing, is refused', async () => {
    const intent = await paidIntent()
    for (const amount of [1001, 0, -5]) {
      await expect(stripe.refunds.create({ payment_intent: intent.id, amount })).rejects.toMatchObject({
        statusCode: 400,
        param: 'amount',
      })
    }
    expect(await chargeOf(intent)).toMatchObject({ amount_refunded: 0 })
  })

  it.each(['alipay', 'wechat_pay'] as const)('to %s is on its way first', async (method) => {
    const intent = await paidIntent({ method })
    news()
    const refund = await stripe.refunds.create({ payment_intent: intent.id, amount: 400 })
    expect(refund).toMatchObject({
      status: 'pending',
      pending_reason: 'processing',
      destination_details: { type: method },
    })
    expect(news()).toEqual(['refund.created', 'charge.refunded'])
    standIn.endRefund(refund.id, 'succeeded')
    expect(news()).toEqual(['refund.updated', 'charge.refund.updated'])
    expect(standIn.events.at(-1)?.data.previous_attributes).toEqual({ status: 'pending' })
    expect(await stripe.refunds.retrieve(refund.id)).toMatchObject({ status: 'succeeded' })
    expect(await movements(refund.id)).toEqual([['payment_refund', -400]])
  })

  it.each([
    ['pending', 'failed'],
    ['pending', 'canceled'],
    ['succeeded', 'failed'],
  ] as const)('that was %s and then %s gives the money back to the balance', async (from, to) => {
    const intent = await paidIntent()
    const refund = standIn.refund(intent.id, { amountMinor: 400, pending: from === 'pending' })
    expect(refund.status).toBe(from)
    news()
    standIn.endRefund(refund.id, to)
    expect(news()).toEqual(['refund.updated', ...(to === 'failed' ? ['refund.failed'] : []), 'charge.refund.updated'])
    const ended = await stripe.refunds.retrieve(refund.id, { expand: ['failure_balance_transaction'] })
    expect(ended).toMatchObject({ status: to, failure_balance_transaction: { amount: 400, type: 'refund_failure' } })
    expect(await movements(refund.id)).toEqual([
      ['refund', -400],
      ['refund_failure', 400],
    ])
    expect(await chargeOf(intent)).toMatchObject({ amount_refunded: 0, refunded: false })
    expect(() => standIn.endRefund(refund.id, 'succeeded')).toThrow('for good')
  })

  it('can be cancelled through the API only while it waits for the person', async () => {
    const intent = await paidIntent()
    const waiting = standIn.refund(intent.id, { amountMinor: 400, requiresAction: true })
    expect(waiting).toMatchObject({ status: 'requires_action', balance_transaction: null })
    expect(await stripe.refunds.cancel(waiting.id)).toMatchObject({ status: 'canceled' })
    expect(await movements(waiting.id)).toEqual([])
    const answered = standIn.refund(intent.id, { amountMinor: 400, requiresAction: true })
    standIn.endRefund(answered.id, 'succeeded')
    expect(await movements(answered.id)).toEqual([['refund', -400]])
    const pending = standIn.refund(intent.id, { pending: true })
    await expect(stripe.refunds.cancel(pending.id)).rejects.toMatchObject({ statusCode: 400 })
  })

  it('needs a payment that succeeded', async () => {
    const intent = await paidIntent({ method: 'wechat_pay', async: true })
    await expect(stripe.refunds.create({ payment_intent: intent.id })).rejects.toMatchObject({ statusCode: 400 })
    await expect(stripe.refunds.create({})).rejects.toMatchObject({ statusCode: 400 })
    await expect(stripe.refunds.create({ payment_intent: 'pi_none' })).rejects.toMatchObject({
      statusCode: 404,
      code: 'resource_missing',
    })
  })
})

describe('a dispute', () => {
  it('takes the money with a fee, and gives it back when it is won', async () => {
    const intent = await paidIntent()
    news()
    const dispute = standIn.dispute(intent.id)
    expect(news()).toEqual(['charge.dispute.created', 'charge.dispute.funds_withdrawn'])
    expect(await stripe.disputes.retrieve(dispute.id)).toMatchObject({
      status: 'needs_response',
      amount: 1000,
      is_charge_refundable: false,
      balance_transactions: [
        { amount: -1000, fee: 1500, net: -2500, type: 'adjustment', reporting_category: 'dispute' },
      ],
    })
    expect((await chargeOf(intent)).disputed).toBe(true)
    await expect(stripe.refunds.create({ payment_intent: intent.id })).rejects.toMatchObject({
      code: 'charge_disputed',
    })
    standIn.reviewDispute(dispute.id)
    expect(news()).toEqual(['charge.dispute.updated'])
    standIn.closeDispute(dispute.id, 'won')
    expect(news()).toEqual(['charge.dispute.closed', 'charge.dispute.funds_reinstated'])
    const won = await stripe.disputes.list({ payment_intent: intent.id })
    expect(won.data).toMatchObject([
      {
        status: 'won',
        balance_transactions: [{ amount: -1000 }, { amount: 1000, fee: 0, reporting_category: 'dispute_reversal' }],
      },
    ])
    expect(() => standIn.closeDispute(dispute.id, 'lost')).toThrow('for good')
  })

  it('that is lost keeps it', async () => {
    const intent = await paidIntent()
    const { id } = standIn.dispute(intent.id, { amountMinor: 600 })
    standIn.closeDispute(id, 'lost')
    expect(news().slice(-3)).toEqual([
      'charge.dispute.created',
      'charge.dispute.funds_withdrawn',
      'charge.dispute.closed',
    ])
    expect(await movements(id)).toEqual([['adjustment', -600]])
  })

  it('may come without its money, which follows', async () => {
    const intent = await paidIntent()
    const { id } = standIn.dispute(intent.id, { withdraw: false })
    expect(await movements(id)).toEqual([])
    expect(() => standIn.reinstateFunds(id)).toThrow('nothing to reinstate')
    standIn.withdrawFunds(id)
    standIn.closeDispute(id, 'won', { reinstate: false })
    expect(await movements(id)).toEqual([['adjustment', -1000]])
    standIn.reinstateFunds(id, 700)
    expect(await movements(id)).toEqual([
      ['adjustment', -1000],
      ['adjustment', 700],
    ])
  })

  it('that only asks moves nothing and leaves the charge refundable', async () => {
    const intent = await paidIntent()
    news()
    const { id, status } = standIn.dispute(intent.id, { inquiry: true })
    expect(status).toBe('warning_needs_response')
    standIn.reviewDispute(id)
    expect(() => standIn.closeDispute(id, 'won')).toThrow("can't become won")
    standIn.closeDispute(id, 'warning_closed')
    expect(news()).toEqual(['charge.dispute.created', 'charge.dispute.updated', 'charge.dispute.closed'])
    expect(await movements(id)).toEqual([])
    expect(await stripe.refunds.create({ payment_intent: intent.id })).toMatchObject({ status: 'succeeded' })
  })

  it('may grow out of a question', async () => {
    const intent = await paidIntent()
    const { id } = standIn.dispute(intent.id, { inquiry: true })
    news()
    standIn.withdrawFunds(id)
    expect(news()).toEqual(['charge.dispute.updated', 'charge.dispute.funds_withdrawn'])
    expect(await stripe.disputes.retrieve(id)).toMatchObject({ status: 'needs_response', is_charge_refundable: false })
  })

  it('does not exist for wallets', async () => {
    const intent = await paidIntent({ method: 'alipay' })
    expect(() => standIn.dispute(intent.id)).toThrow('no disputes')
  })
})
