export {
  findWallet,
  HOUSE,
  type LockedWallet,
  lockWallet,
  openWallet,
  suspendWallet,
  type Wallet,
  type WalletOwner,
} from './accounts.ts'
export {
  CAP_PERIODS,
  type CapPeriod,
  listSpendCaps,
  type SetSpendCapInput,
  type SpendCap,
  setSpendCap,
} from './caps.ts'
export { callLedger } from './database-error.ts'
export {
  type CaptureHoldInput,
  captureCall,
  captureHold,
  type HoldResult,
  type PlaceHoldInput,
  placeHold,
  releaseHold,
} from './holds.ts'
export { LOT_USES } from './lot-uses.ts'
export { expireLots, type Lot, listLots } from './lots.ts'
export {
  exportTransfers,
  getTransfer,
  listTransfers,
  type TransferFacts,
  type TransferFilter,
  type TransferLine,
  type TransferPage,
  type TransferSide,
} from './transfer-list.ts'
export { type PostTransferInput, postTransfer } from './transfers.ts'
export { verifyLedger } from './verify.ts'
export { findInLedger, getWallet, type HoldLine, listHolds, listWallets, type WalletLine } from './wallet-list.ts'
