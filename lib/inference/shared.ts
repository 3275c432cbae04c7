import type { ErrorCode, ErrorParams } from '#lib/errors.ts'
import type { FoundModel } from '#lib/models/shared.ts'

/** Tokens of one call by kind. Kinds do not overlap: their sum is all tokens of the call. */
export type Usage = {
  /** Prompt tokens that were not served from a cache. */
  inputTokens: number
  cacheReadTokens: number
  cacheWriteTokens: number
  /** Tokens of the answer's text, reasoning excluded. */
  outputTokens: number
  reasoningTokens: number
}

export const TOKEN_KINDS = ['input', 'cacheRead', 'cacheWrite', 'output', 'reasoning'] as const
export type TokenKind = (typeof TOKEN_KINDS)[number]

/** `stopped`: by the person; `interrupted`: cut off after text had come; `failed` and `empty` cost nothing. */
export const OUTCOMES = ['completed', 'stopped', 'interrupted', 'failed', 'empty'] as const
export type Outcome = (typeof OUTCOMES)[number]

/** How the tokens were known: told by the vendor, counted by us, or nothing to know. */
export type UsageSource = 'reported' | 'estimated' | 'none'

/** What one call cost, as the person who paid may see it. Amounts are decimal strings of micro-credits. */
export type Receipt = {
  id: string
  conversationId: string | null
  messageId: string | null
  /** The conversation can still be opened; the receipt stays when it is deleted. */
  conversationExists: boolean
  modelId: string
  modelName: string
  /** Who answered, as people know them; null when nobody did, or when their channel is no more. */
  vendorName: string | null
  outcome: Outcome
  errorCode: string | null
  usageSource: UsageSource
  usage: Usage
  /** Unit prices, micro-credits per one million tokens; `request` is per call. */
  prices: Record<TokenKind | 'request', string>
  /** Since when these prices are in force; null when always. */
  priceSince: string | null
  /** What the hold was made for: the prompt by our own count, and the output tokens that it pays for at most. */
  promptTokens: number | null
  outputCap: number | null
  heldMicros: string
  /** What the call cost, what the wallet paid of it, and the rest that the house bore. */
  costMicros: string
  chargedMicros: string
  badDebtMicros: string
  /** Where the charge stands in the wallet's statement, by the wallet's own number; null when nothing was charged. */
  entry: { seq: string } | null
  /** Earlier messages that did not fit and were not sent. */
  omittedTurns: number
  firstTokenMs: number | null
  durationMs: number
  createdAt: string
}

/** Why credits moved in or out of a wallet. */
export type EntryKind =
  | 'top_up'
  | 'grant'
  | 'promotion'
  | 'redemption'
  | 'usage'
  | 'adjustment'
  | 'refund'
  | 'dispute'
  | 'expiry'
  | 'reversal'
  | 'goodwill'

/** What a statement can be narrowed to: calls, what came in, what else went out. */
export const STATEMENT_KINDS = ['all', 'spending', 'in', 'other'] as const
export type StatementKind = (typeof STATEMENT_KINDS)[number]

export type LotSource = 'paid' | 'promotional' | 'code'

/** One entry of a wallet's statement with all there is to know of it. Amounts are decimal strings of micro-credits. */
export type StatementEntry = {
  /** The wallet's own number of the entry. */
  seq: string
  kind: EntryKind
  at: string
  direction: 'in' | 'out'
  amountMicros: string
  /** What the wallet held after it. */
  balanceMicros: string
  reason: string | null
  reference: string | null
  /** The credits that came in with it, and what is left of them. */
  lot: { source: LotSource; remainingMicros: string; expiresAt: string | null } | null
  /** The credits that paid for it, each named by the entry that brought them. */
  paidFrom: { seq: string; source: LotSource; amountMicros: string; expiresAt: string | null }[]
  /** The call that these credits were given back for, by the entry of its charge. */
  forCall: { seq: string; modelName: string; at: string } | null
  /** Of a call. */
  receipt: Receipt | null
}

/** Why a call would be refused: a code of namespace `errors`, with values for its text. */
export type Refusal = { code: ErrorCode; params: ErrorParams }

/** What a call would cost now, before it is made. Amounts are decimal strings of micro-credits. */
export type Quote = {
  /** What would be held, and so the most it can cost; null when it would be refused. */
  atMostMicros: string | null
  /** Of that: what the earlier messages cost at most, their tokens, and how many of them do not fit. */
  historyMicros: string
  historyTokens: number
  omittedTurns: number
  promptTokens: number
  /** What leaves less than the longest answer could cost and so bounds the answer; null when nothing does. */
  shortenedBy: 'balance' | 'cap' | null
  availableMicros: string
  /** What running answers hold. */
  heldMicros: string
  caps: QuotedCap[]
  refusal: Refusal | null
  /** How many more messages like this one what is available lasts for, about; null when they cost nothing. */
  messagesLeft: number | null
}

/** A person's own limit for a day or a month. `near`: more than 80 % of it is used, with what running answers hold. */
export type QuotedCap = {
  period: 'day' | 'month'
  limitMicros: string
  usedMicros: string
  leftMicros: string
  /** Whole percent, at most 100. */
  usedPercent: number
  near: boolean
}

export type KeyTest = {
  keyId: string
  hint: string
  ok: boolean
  /** A code of ours; null when it worked. */
  errorCode: ErrorCode | null
  httpStatus: number | null
  firstTokenMs: number | null
  durationMs: number
  /** The beginning of what the model said; a stranger's words. */
  answer: string
  /** What the call cost us, in micro-credits; null when the model has no price. */
  vendorCostMicros: bigint | null
}

export type ChannelTest = { modelId: string; vendorModel: string; keys: KeyTest[] }

export type VendorModels = {
  models: FoundModel[]
  /** False where the vendor lists none: then these are the catalogue's, and nothing is known of the key. */
  isListed: boolean
}
