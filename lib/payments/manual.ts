import { NO_FACTS } from './facts.ts'
import type { PaymentProvider } from './provider.ts'

/**
 * A transfer between people, which the operator sees come in and confirms. There is nobody to ask: what operators and
 * payers say is taken in as it is said, and a refund is the record of what was given back by hand.
 */
export const manualProvider: PaymentProvider = {
  name: 'manual',
  beginPayment: async () => null,
  cancelPayment: async () => ({ ...NO_FACTS, state: 'canceled' }),
  fetchPayment: async () => null,
  refundPayment: async (_order, { amountMinor, key }) => ({ id: `manual:${key}`, amountMinor, state: 'succeeded' }),
}
