export type { Admission, CallModel, ChatMessage, Price, PromptTurn, RunEvent, RunResult } from './call.ts'
export type { Outcome, Receipt, TokenKind, Usage, UsageSource } from './shared.ts'
