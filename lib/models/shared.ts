import type { TokenSums, UnitPrices } from './price-math.ts'

/** A model as the picker shows it: named, priced and reachable now. Amounts are micro-credits per one million tokens. */
export type ModelSummary = {
  id: string
  displayName: string
  vendor: string
  contextTokens: number
  maxOutputTokens: number
  inputMicros: string
  outputMicros: string
  reasoning: boolean
  /** True for the small local model that answers while no channel exists. */
  demo: boolean
}

/** What people pay for a model now, in micro-credits: for one million tokens of each kind, and for one call. */
export type ModelPrices = {
  id: string
  displayName: string
  vendor: string
  contextTokens: number
  inputMicros: bigint
  cacheReadMicros: bigint
  cacheWriteMicros: bigint
  outputMicros: bigint
  reasoningMicros: bigint
  requestMicros: bigint
  demo: boolean
}

export {
  lossesOf,
  marginPermille,
  PRICE_KINDS,
  type PriceKind,
  pairOf,
  type TokenSums,
  type UnitPrices,
} from './price-math.ts'
export { nameOfVendor, VENDOR_PRESETS, type VendorPreset, vendorOfBaseUrl, vendorsOfKey } from './vendors.ts'

/** A model that a vendor lists, as it would be offered here. */
export type FoundModel = {
  /** What the vendor calls it. */
  vendorModel: string
  /** Our id for it. */
  modelId: string
  displayName: string
  /** Where its price comes from: a model we have, the catalogue with the site's markup, or nobody knows it. */
  from: 'known' | 'catalogue' | 'hand'
  /** False for what is no model to talk to: embeddings, pictures, speech. */
  isChat: boolean
  reasoning: boolean
  /** Micro-credits per one million tokens; null where it needs a price by hand. */
  price: { inputMicros: bigint; outputMicros: bigint; costInputMicros: bigint; costOutputMicros: bigint } | null
}

/** A key as the operator may see it: never itself, only its last four characters and what became of it. */
export type KeySummary = {
  id: string
  hint: string
  status: 'active' | 'disabled' | 'refused'
  /** Since when the vendor refuses it, and with which HTTP status; null while it is taken. */
  refusedAt: Date | null
  refusedStatus: number | null
  /** The last call made to try it: `ok`, or a code of ours. */
  testedAt: Date | null
  testOutcome: string | null
  testFirstTokenMs: number | null
  createdAt: Date
}

/** What so many tokens bring and cost, in micro-credits. */
export type PriceOutcome = { revenueMicros: bigint; costMicros: bigint }

export type PricePreview = {
  days: number
  sums: TokenSums
  /** What was really charged for them, promotions, free failures and older prices included. */
  chargedMicros: bigint
  /** At the price in force; null when there is none. */
  before: PriceOutcome | null
  /** At the drafted price. */
  after: PriceOutcome
}

/** A price of a model, in micro-credits per one million tokens, and when it holds. */
export type PriceVersion = UnitPrices & {
  id: string
  from: Date
  /** Null while nothing ends it. */
  until: Date | null
  state: 'past' | 'current' | 'planned'
  /** True while it can be withdrawn. */
  canWithdraw: boolean
  /** Where the vendor's price came from, and the rate it was converted with. */
  sourceUrl: string | null
  sourceDate: string | null
  sourceCurrency: string | null
  exchangeRate: string | null
  exchangeRateDate: string | null
  createdAt: Date
  createdBy: string
}
