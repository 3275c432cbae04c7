export { findWallet, HOUSE, openWallet, type Wallet, type WalletOwner } from './accounts.ts'
export { captureHold, type CaptureHoldInput, type HoldResult, placeHold, type PlaceHoldInput, releaseHold } from './holds.ts'
export { postTransfer, type PostTransferInput } from './transfers.ts'
