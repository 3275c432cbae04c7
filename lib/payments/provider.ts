import type { orders } from '#db/schema/index.ts'
import type { PaymentFacts, RefundFact } from './facts.ts'

export type Order = typeof orders.$inferSelect

/**
 * A way for money to come in. It speaks to the outside and writes nothing: what it says is taken in by `fulfilOrder`.
 * Never called within a transaction.
 */
export type PaymentProvider = {
  name: Order['provider']
  /**
   * Makes what the person pays with; for the same order again it is the same. Null when the order's own page says how
   * to pay.
   * @throws {AppError} `payment_method_unavailable`, `payment_unreachable`
   */
  beginPayment(order: Order): Promise<PaymentFacts | null>
  /**
   * Closes what could still be paid.
   * @returns `canceled`; else what is known of it, such as that it was paid or is being paid
   * @throws {AppError} `payment_unreachable`
   */
  cancelPayment(order: Order): Promise<PaymentFacts>
  /**
   * What it knows of the payment now; null when there is nobody to ask.
   * @param input `isWaitedFor`: somebody waits for the answer, who had rather have none than a late one
   * @throws {AppError} `payment_unreachable`
   */
  fetchPayment(order: Order, input?: { isWaitedFor: boolean }): Promise<PaymentFacts | null>
  /**
   * Gives money back, once for each key.
   * @throws {AppError} `refund_too_much`, `payment_unreachable`
   */
  refundPayment(order: Order, input: { amountMinor: bigint; key: string }): Promise<RefundFact>
}
