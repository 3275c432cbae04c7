export { type AdmitInput, admit } from './admit.ts'
export type { RunLimits } from './attempt.ts'
export { type Balance, estimateMessages, getBalance } from './balance.ts'
export type { Admission, CallModel, ChatMessage, Price, PromptTurn, RunEvent, RunResult } from './call.ts'
export { type CallFacts, type CallTransfer, getCall } from './call-facts.ts'
export { type CallFilter, type CallLine, type CallPage, exportCalls, listCallSources, listCalls } from './call-list.ts'
export { listOwnCaps, setOwnCaps, setOwnCapsInput } from './caps.ts'
export {
  testChannel,
  testChannelInput,
} from './channel-test.ts'
export { creditBackCall } from './credit-back.ts'
export { bookLateUsage } from './late-usage.ts'
export { type QuoteInput, quote } from './quote.ts'
export { findReceipts, getReceipt, recomputeCost, type UsageRecord } from './receipts.ts'
export { run } from './run.ts'
export { type SettleInput, type SettleInterruptedInput, settle, settleInterrupted } from './settle.ts'
export type { Outcome, Quote, QuotedCap, Receipt, Refusal, TokenKind, Usage, UsageSource } from './shared.ts'
export { getSpending, listPaidModels, SPEND_DAYS_MAX, type Spending, type SpendingInput } from './spend.ts'
export {
  exportStatement,
  listStatement,
  type StatementDay,
  type StatementFilter,
  type StatementLine,
  type StatementPage,
} from './statement.ts'
export { getStatementEntry, getStatementEntryInput } from './statement-entry.ts'
export { type StoredTerms, termsQuery } from './terms.ts'
export { countTokens } from './tokens.ts'
export { typicalCharge } from './typical-charge.ts'
export {
  findChannelModels,
  findChannelModelsInput,
  findVendorModels,
  findVendorModelsInput,
} from './vendor-models.ts'
export { verifyReceipts } from './verify.ts'
export { deadWorkers, forgetWorkers, heartbeat, registerWorker, stopWorker, workerId } from './worker.ts'
