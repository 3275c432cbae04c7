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

export type { KeySummary } from './channel-list.ts'
export {
  lossesOf,
  marginPermille,
  PRICE_KINDS,
  type PriceKind,
  pairOf,
  type TokenSums,
  type UnitPrices,
} from './price-math.ts'
export type { PricePreview } from './price-preview.ts'
export type { PriceVersion } from './price-versions.ts'
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
