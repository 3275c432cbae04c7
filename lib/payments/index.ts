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
  type CodeBatch,
  type CreateCodesInput,
  createCodes,
  listCodeBatches,
  type Redeemed,
  redeemCode,
  redeemCodeInput,
  revokeCodes,
} from './codes.ts'
export { verifyAdjustments, verifyCodes } from './verify.ts'
