import type { ErrorCode } from '#lib/errors.ts'
import type { Outcome, Usage, UsageSource } from './shared.ts'

/** One message of the history with its own token count, made when it was written. */
export type PromptTurn = { role: 'user' | 'assistant'; text: string; tokens: number }

export type ChatMessage = { role: 'system' | 'user' | 'assistant'; content: string }

/** What a call is charged by: micro-credits per one million tokens, `request` per call. */
export type UnitPrices = {
  inputMicros: bigint
  cacheReadMicros: bigint
  cacheWriteMicros: bigint
  outputMicros: bigint
  reasoningMicros: bigint
  requestMicros: bigint
}

/** A price version: what people pay by, and what we do. */
export type Price = UnitPrices & {
  versionId: string
  costInputMicros: bigint
  costCacheReadMicros: bigint
  costCacheWriteMicros: bigint
  costOutputMicros: bigint
  costReasoningMicros: bigint
}

/** What a call must know of its model. */
export type CallModel = {
  id: string
  displayName: string
  contextTokens: number
  reasoning: boolean
  outputCapField: 'max_tokens' | 'max_completion_tokens'
}

/** The terms on which a call was let in: what `run` sends and `settle` charges by. */
export type Admission = {
  holdId: string
  userId: string
  walletId: string
  model: CallModel
  price: Price
  /** Since when the price is in force, as PostgreSQL writes it; null when always. */
  priceSince: string | null
  /** Our own count of everything that is sent. */
  promptTokens: number
  /** Output tokens at most; the held amount pays for them. */
  outputCap: number
  heldMicros: bigint
  messages: ChatMessage[]
  omittedTurns: number
}

export type RunResult = {
  outcome: Outcome
  errorCode: ErrorCode | null
  /** The tokens that are charged, unless the outcome is free (`failed`, `empty`, or source `none`). */
  usage: Usage
  usageSource: UsageSource
  /** The tokens that vendors bill us for, attempts that failed over included. */
  vendorUsage: Usage
  /** What the vendor told of the usage and nobody could believe, bounded and fit for storage; null when there is none. */
  quarantinedUsage: unknown
  channelId: string | null
  /** Of the channel that answered, as the operator calls it. */
  vendor: string | null
  vendorRequestId: string | null
  firstTokenMs: number | null
  durationMs: number
}

/** What a run says, in order. Exactly one `end` comes, last. */
export type RunEvent =
  | { type: 'text'; text: string }
  | { type: 'reasoning'; text: string }
  | { type: 'end'; result: RunResult }
