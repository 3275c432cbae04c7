import type { DisputeState, OrderState, RefundState } from './shared.ts'

/**
 * What a payment provider says. News comes late, twice, out of order or never, so nothing here depends on what came
 * before: each fact has a rank and only moves up, and old news joined to new ones changes nothing.
 */
export type PaymentFacts = {
  state: Exclude<OrderState, 'review'>
  sessionId?: string
  paymentIntentId?: string
  /** Where the person pays. */
  paymentUrl?: string
  paid: Money | null
  refunds: RefundFact[]
  disputes: DisputeFact[]
}

/** An amount in the smallest unit of a currency (ISO 4217). */
export type Money = { amountMinor: bigint; currency: string }

export type RefundFact = { id: string; amountMinor: bigint; state: RefundState }

/** `withdrawnMinor` and `reinstatedMinor` are in the currency of the payment. */
export type DisputeFact = {
  id: string
  amountMinor: bigint
  state: DisputeState
  withdrawnMinor: bigint
  reinstatedMinor: bigint
}

/** Facts of a provider that has said nothing yet. */
export const NO_FACTS: PaymentFacts = { state: 'open', paid: null, refunds: [], disputes: [] }

const ORDER_RANK: Record<OrderState, number> = {
  open: 0,
  pending: 1,
  // A person, an operator or the clock may close an order while its money is on its way: then the money counts. What is
  // canceled expires at the provider, whose news of it may come first.
  expired: 2,
  failed: 3,
  canceled: 3,
  rejected: 3,
  review: 4,
  paid: 5,
}
// A refund that the bank sends back fails after it had succeeded.
const REFUND_RANK: Record<RefundState, number> = { pending: 0, succeeded: 1, failed: 2, canceled: 2 }
// A bank may take back what was won. Should it give back what was lost, an operator can forgive it.
const DISPUTE_RANK: Record<DisputeState, number> = { inquiry: 0, closed: 1, open: 2, won: 3, lost: 4 }

/** The later of two states; the one that is there when neither is. */
export const laterState = (known: OrderState, said: OrderState) => laterBy(ORDER_RANK, known, said)

/** What is known of a refund after something was said of it. */
export function joinRefund(known: RefundFact | undefined, said: RefundFact): RefundFact {
  return known ? { ...known, state: laterBy(REFUND_RANK, known.state, said.state) } : said
}

/** What is known of a dispute after something was said of it. What a bank took or gave back stays so. */
export function joinDispute(known: DisputeFact | undefined, said: DisputeFact): DisputeFact {
  if (!known) return said
  return {
    id: known.id,
    amountMinor: greater(known.amountMinor, said.amountMinor),
    state: laterBy(DISPUTE_RANK, known.state, said.state),
    withdrawnMinor: greater(known.withdrawnMinor, said.withdrawnMinor),
    reinstatedMinor: greater(known.reinstatedMinor, said.reinstatedMinor),
  }
}

/** Money that was given back, or is on its way back. */
export function refundedOf(refunds: readonly RefundFact[]): bigint {
  return refunds.reduce((sum, { state, amountMinor }) => (REFUND_RANK[state] < 2 ? sum + amountMinor : sum), 0n)
}

/** Money that banks have taken back and not returned. */
export function disputedOf(disputes: readonly DisputeFact[]): bigint {
  return disputes.reduce((sum, { withdrawnMinor, reinstatedMinor }) => sum + withdrawnMinor - reinstatedMinor, 0n)
}

/** What of a payment stays with us. */
export function keptOf(paidMinor: bigint, refunds: readonly RefundFact[], disputes: readonly DisputeFact[]): bigint {
  return greater(0n, paidMinor - refundedOf(refunds) - disputedOf(disputes))
}

/** What a part of an order's price buys of its credits, rounded down to a micro-credit. */
export function creditsFor(keptMinor: bigint, order: { priceMinor: bigint }, wholeMicros: bigint): bigint {
  return (wholeMicros * keptMinor) / order.priceMinor
}

function laterBy<S extends string>(rank: Record<S, number>, known: S, said: S): S {
  return rank[said] > rank[known] ? said : known
}

function greater(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}
