import type Stripe from 'stripe'
import type { Account } from './account.ts'
import { newDispute } from './after-payment.ts'

export type DisputeRequest = {
  /** Only a question by the bank: no money moves. */
  inquiry?: boolean
  /** In minor units; the whole charge when not given. */
  amountMinor?: number
  /** Whether the money goes at once, as it mostly does. */
  withdraw?: boolean
}

export type DisputeEnd = 'won' | 'lost' | 'warning_closed'

const DAYS_TO_ANSWER = 14

/** The holder of the card turns to the bank. Wallets have no such process. */
export function openDispute(account: Account, charge: Stripe.Charge, request: DisputeRequest = {}): Stripe.Dispute {
  if (charge.payment_method_details?.type !== 'card') throw new Error(`${charge.id} was not paid by card: no disputes.`)
  const { inquiry = false, amountMinor = charge.amount, withdraw = !inquiry } = request
  const created = account.now()
  const dispute = account.store.disputes.add(
    newDispute({ id: account.store.id('du'), created, livemode: account.livemode, amount: amountMinor }, charge, {
      inquiry,
      dueBy: created + DAYS_TO_ANSWER * 24 * 3600,
    }),
  )
  charge.disputed = true
  account.emit('charge.dispute.created', dispute)
  if (withdraw) withdrawFunds(account, dispute)
  return dispute
}

/** The bank takes the money; an inquiry becomes a dispute by that. */
export function withdrawFunds(account: Account, dispute: Stripe.Dispute): Stripe.Dispute {
  if (dispute.balance_transactions.length > 0) throw new Error(`${dispute.id}: the funds are withdrawn already.`)
  requireUnfinished(dispute)
  if (dispute.status.startsWith('warning_')) {
    const previous = { is_charge_refundable: true, status: dispute.status }
    dispute.status = 'needs_response'
    dispute.is_charge_refundable = false
    if (dispute.payment_method_details?.card) dispute.payment_method_details.card.case_type = 'chargeback'
    account.emit('charge.dispute.updated', dispute, previous)
  }
  move(account, dispute, -dispute.amount, 'dispute')
  account.emit('charge.dispute.funds_withdrawn', dispute, { balance_transactions: [] })
  return dispute
}

/** The money comes back, all of it or, when something was refunded meanwhile, a part. */
export function reinstateFunds(
  account: Account,
  dispute: Stripe.Dispute,
  amountMinor = dispute.amount,
): Stripe.Dispute {
  if (dispute.balance_transactions.length !== 1) throw new Error(`${dispute.id}: there is nothing to reinstate.`)
  const previous = { balance_transactions: [...dispute.balance_transactions] }
  move(account, dispute, amountMinor, 'dispute_reversal')
  account.emit('charge.dispute.funds_reinstated', dispute, previous)
  return dispute
}

/** The evidence is with the bank. */
export function reviewDispute(account: Account, dispute: Stripe.Dispute): Stripe.Dispute {
  const { status } = dispute
  if (!status.endsWith('needs_response')) throw new Error(`${dispute.id} is ${status} and waits for no answer.`)
  dispute.status = status === 'needs_response' ? 'under_review' : 'warning_under_review'
  dispute.evidence_details = {
    ...dispute.evidence_details,
    has_evidence: true,
    submission_count: 1,
    submission_method: 'manual',
  }
  account.emit('charge.dispute.updated', dispute, { status })
  return dispute
}

/** The bank decides. A dispute that is won gives the money back unless told to do so later. */
export function closeDispute(
  account: Account,
  dispute: Stripe.Dispute,
  end: DisputeEnd,
  { reinstate = true }: { reinstate?: boolean } = {},
): Stripe.Dispute {
  requireUnfinished(dispute)
  if (dispute.status.startsWith('warning_') !== (end === 'warning_closed')) {
    throw new Error(`${dispute.id} is ${dispute.status} and can't become ${end}.`)
  }
  const previous = { status: dispute.status }
  dispute.status = end
  account.emit('charge.dispute.closed', dispute, previous)
  if (end === 'won' && reinstate && dispute.balance_transactions.length === 1) reinstateFunds(account, dispute)
  return dispute
}

function requireUnfinished({ id, status }: Stripe.Dispute): void {
  if (['won', 'lost', 'warning_closed'].includes(status)) throw new Error(`${id} is ${status} for good.`)
}

function move(
  account: Account,
  dispute: Stripe.Dispute,
  amount: number,
  category: 'dispute' | 'dispute_reversal',
): void {
  const withdrawal = category === 'dispute'
  dispute.balance_transactions.push(
    account.book({
      type: 'adjustment',
      reportingCategory: category,
      source: dispute.id,
      amount,
      currency: dispute.currency,
      ...(withdrawal && { fee: 'dispute' as const }),
      description: `Chargeback ${withdrawal ? 'withdrawal' : 'reversal'} for ${dispute.charge}`,
    }),
  )
}
