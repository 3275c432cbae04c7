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
export type Outcome = 'completed' | 'stopped' | 'interrupted' | 'failed' | 'empty'

/** How the tokens were known: told by the vendor, counted by us, or nothing to know. */
export type UsageSource = 'reported' | 'estimated' | 'none'

/** What one call cost, as the person who paid may see it. Amounts are decimal strings of micro-credits. */
export type Receipt = {
  id: string
  conversationId: string | null
  messageId: string | null
  modelId: string
  modelName: string
  outcome: Outcome
  errorCode: string | null
  usageSource: UsageSource
  usage: Usage
  /** Unit prices, micro-credits per one million tokens; `request` is per call. */
  prices: Record<TokenKind | 'request', string>
  heldMicros: string
  /** What the call cost, what the wallet paid of it, and the rest that the house bore. */
  costMicros: string
  chargedMicros: string
  badDebtMicros: string
  /** Earlier messages that did not fit and were not sent. */
  omittedTurns: number
  firstTokenMs: number | null
  durationMs: number
  createdAt: string
}
