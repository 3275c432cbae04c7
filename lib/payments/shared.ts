/** How a person can pay: through Stripe, or by a transfer that the operator confirms. */
export const PAYMENT_METHODS = ['card', 'alipay', 'wechat_pay', 'manual'] as const
export type PaymentMethod = (typeof PAYMENT_METHODS)[number]

/**
 * What has become of an order. `open`: nothing was paid yet; `pending`: it was, the money is on its way; `review`: money
 * came in another currency, and the operator decides; `paid`: it came and is credited, whatever was given back since.
 */
export const ORDER_STATES = ['open', 'pending', 'expired', 'failed', 'canceled', 'rejected', 'review', 'paid'] as const
export type OrderState = (typeof ORDER_STATES)[number]

export type RefundState = 'pending' | 'succeeded' | 'failed' | 'canceled'

/** An inquiry only asks; a dispute has taken the money and ends won or lost; `closed` came to nothing. */
export type DisputeState = 'inquiry' | 'open' | 'closed' | 'won' | 'lost'

/** An order as its owner and operators see it. Amounts of money are in the currency's smallest unit. */
export type OrderView = {
  id: string
  reference: string
  method: PaymentMethod
  packageId: string
  priceMinor: bigint
  currency: string
  creditsMicros: bigint
  bonusMicros: bigint
  state: OrderState
  /** Where it is paid, while it can be; null when this page tells how, or when it is over. */
  paymentUrl: string | null
  paidMinor: bigint
  paidCurrency: string | null
  /** Given back or on its way; and what a bank has taken back and not returned. */
  refundedMinor: bigint
  disputedMinor: bigint
  /** Issued for the money that was kept, without the bonus. */
  creditedMicros: bigint
  bonusCreditedMicros: bigint
  /** Of the money given back: what had been spent before. */
  shortfallMicros: bigint
  payerNote: string | null
  decisionNote: string | null
  createdAt: Date
  paidAt: Date | null
  refunds: { id: string; amountMinor: bigint; state: RefundState; createdAt: Date }[]
  /** Of several the one that matters most. */
  dispute: DisputeState | null
}
