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
