export {
  type AdjustmentListItem,
  type AdjustmentResult,
  type AdjustmentState,
  type AdjustWalletInput,
  adjustWallet,
  approveAdjustment,
  listAdjustments,
  rejectAdjustment,
} from './adjustments.ts'
export {
  type BatchCode,
  findRedemption,
  getCodeBatch,
  listBatchCodes,
  listRedemptions,
  type Redemption,
} from './code-batches.ts'
export {
  type CodeBatch,
  type CreateCodesInput,
  createCodes,
  listCodeBatches,
  type Redeemed,
  redeemCode,
  redeemCodeInput,
  revokeCodes,
} from './codes.ts'
export { forgiveDispute } from './disputes.ts'
export { collectShortfalls } from './fulfil.ts'
export { confirmOrder, type Decided, rejectOrder, reportTransfer, reportTransferInput } from './manual-orders.ts'
export { getOrderHistory, type OrderHistory } from './order-history.ts'
export { listOrderTransfers, type OrderTransfer } from './order-transfers.ts'
export {
  type AdminOrder,
  cancelOrder,
  exportOrders,
  getOrder,
  getOrderForAdmin,
  listOrders,
  listOrdersForAdmin,
  type OrderFilter,
  type OrderPage,
  orderInput,
  placeOrder,
  placeOrderInput,
  readReference,
  refreshOrder,
} from './orders.ts'
export {
  findActivePackage,
  isSiteCurrencyFixed,
  listAllPackages,
  listPackages,
  type Package,
  type SetPackageInput,
  seedPackages,
  setPackage,
  setSiteCurrency,
  setSiteCurrencyInput,
} from './packages.ts'
export { listPaymentMethods } from './providers.ts'
export { type Reconciliation, reconcilePayments } from './reconcile.ts'
export { refundOrder } from './refunds.ts'
export { isStripeConfigured } from './stripe-client.ts'
export { type ReceivedEvent, receiveStripeEvent } from './stripe-events.ts'
export { verifyAdjustments, verifyCodes, verifyOrders } from './verify.ts'
