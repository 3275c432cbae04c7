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
export { verifyAdjustments } from './verify.ts'
