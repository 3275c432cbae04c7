import type { OrderView } from '#lib/payments/shared.ts'

/**
 * Where an order stands, as its owner is told: `back`: came back without paying; `unready`: no payment page was made;
 * `transfer`: to be paid by hand, `reported`: said to be; `inquiry`: a bank has asked, and taken nothing.
 */
export type Stage =
  | 'open'
  | 'back'
  | 'unready'
  | 'transfer'
  | 'reported'
  | 'pending'
  | 'paid'
  | 'refundedPart'
  | 'refunded'
  | 'disputed'
  | 'disputeLost'
  | 'inquiry'
  | 'expired'
  | 'failed'
  | 'canceled'
  | 'rejected'
  | 'review'

type Told = Pick<OrderView, 'state' | 'method' | 'paymentUrl' | 'paidMinor' | 'refundedMinor' | 'dispute'>

/** @param cameBack whether the payment page sent the person back without a payment */
export function stageOf(order: Told, cameBack = false): Stage {
  switch (order.state) {
    case 'open':
      if (order.method === 'manual') return 'transfer'
      if (order.paymentUrl === null) return 'unready'
      return cameBack ? 'back' : 'open'
    case 'pending':
      return order.method === 'manual' ? 'reported' : 'pending'
    case 'paid':
      return stageOfPaid(order)
    default:
      return order.state
  }
}

function stageOfPaid({ dispute, refundedMinor, paidMinor }: Told): Stage {
  if (dispute === 'open') return 'disputed'
  if (dispute === 'lost') return 'disputeLost'
  if (refundedMinor > 0n) return refundedMinor < paidMinor ? 'refundedPart' : 'refunded'
  return dispute === 'inquiry' ? 'inquiry' : 'paid'
}
