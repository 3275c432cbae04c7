import type Stripe from 'stripe'
import type { Account } from './account.ts'
import { newRefund } from './after-payment.ts'
import type { Method } from './objects.ts'
import { StripeRefusal } from './refusal.ts'

export type RefundRequest = {
  /** In minor units; all that is left when not given. */
  amountMinor?: number
  /** Sent, not yet done. Wallets begin like this, cards only when asked to. */
  pending?: boolean
  /** Waits for the person; the only state in which the API can cancel one. */
  requiresAction?: boolean
  reason?: Stripe.Refund.Reason
  metadata?: Record<string, string>
}

export type RefundEnd = 'succeeded' | 'failed' | 'canceled'

/** Sends money back. Throws what the API would answer. */
export function refund(account: Account, charge: Stripe.Charge, request: RefundRequest = {}): Stripe.Refund {
  const amount = requireRefundable(account, charge, request.amountMinor)
  const method = charge.payment_method_details?.type as Method
  const pending = request.pending ?? method !== 'card'
  const row = account.store.refunds.add(
    newRefund(
      {
        id: account.store.id(method === 'card' ? 're' : 'pyr'),
        created: account.now(),
        currency: charge.currency,
        amount,
        metadata: request.metadata ?? {},
        reason: request.reason ?? null,
        status: request.requiresAction ? 'requires_action' : pending ? 'pending' : 'succeeded',
      },
      charge,
      method,
    ),
  )
  const before = { amount_refunded: charge.amount_refunded, refunded: charge.refunded }
  reserve(charge, amount)
  if (row.status !== 'requires_action') row.balance_transaction = takeBack(account, row, method)
  account.emit('refund.created', row)
  account.emit('charge.refunded', charge, before)
  return row
}

/**
 * Ends a refund that is under way, or lets one fail that had succeeded: banks send money back days later.
 * A refund that failed or was cancelled gives the amount back to the balance and to what can be refunded.
 */
export function endRefund(account: Account, row: Stripe.Refund, end: RefundEnd): Stripe.Refund {
  const from = row.status
  if (from === 'failed' || from === 'canceled' || from === end) throw new Error(`${row.id} is ${from} for good.`)
  if (from === 'succeeded' && end !== 'failed') throw new Error(`${row.id} has succeeded; it can only fail now.`)
  const previous = { status: from }
  const charge = account.store.charges.find(String(row.charge)) as Stripe.Charge
  const method = charge.payment_method_details?.type as Method
  row.status = end
  delete row.pending_reason
  if (end === 'succeeded') {
    row.balance_transaction ??= takeBack(account, row, method)
  } else {
    reserve(charge, -row.amount)
    if (row.balance_transaction) row.failure_balance_transaction = giveBack(account, row)
    if (end === 'failed') row.failure_reason = 'unknown'
  }
  account.emit('refund.updated', row, previous)
  if (end === 'failed') account.emit('refund.failed', row)
  account.emit('charge.refund.updated', row, previous)
  return row
}

function requireRefundable(account: Account, charge: Stripe.Charge, asked: number | undefined): number {
  if (charge.status !== 'succeeded') {
    throw new StripeRefusal(`Charge ${charge.id} has not succeeded and cannot be refunded.`, {
      code: 'charge_not_refundable',
    })
  }
  const disputes = account.store.disputes.by('charge', charge.id) ?? []
  if (disputes.some((dispute) => !dispute.is_charge_refundable)) {
    throw new StripeRefusal(`Charge ${charge.id} has been charged back; cannot issue a refund.`, {
      code: 'charge_disputed',
    })
  }
  const left = charge.amount - charge.amount_refunded
  if (left === 0) {
    throw new StripeRefusal(`Charge ${charge.id} has already been refunded.`, { code: 'charge_already_refunded' })
  }
  const amount = asked ?? left
  if (amount <= 0) {
    throw new StripeRefusal('Invalid positive integer', { code: 'parameter_invalid_integer', param: 'amount' })
  }
  if (amount > left) {
    throw new StripeRefusal(`Refund amount (${amount}) is greater than unrefunded amount on charge (${left})`, {
      param: 'amount',
    })
  }
  return amount
}

function reserve(charge: Stripe.Charge, amount: number): void {
  charge.amount_refunded += amount
  charge.refunded = charge.amount_refunded === charge.amount
}

function takeBack(account: Account, row: Stripe.Refund, method: Method): string {
  return account.book({
    type: method === 'card' ? 'refund' : 'payment_refund',
    reportingCategory: 'refund',
    source: row.id,
    amount: -row.amount,
    currency: row.currency,
    description: 'REFUND FOR PAYMENT',
  }).id
}

function giveBack(account: Account, row: Stripe.Refund): string {
  return account.book({
    type: 'refund_failure',
    reportingCategory: 'refund_failure',
    source: row.id,
    amount: row.amount,
    currency: row.currency,
    description: 'REFUND FAILURE',
  }).id
}
