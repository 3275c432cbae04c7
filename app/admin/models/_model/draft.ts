import { lossesOf, type PriceKind, type UnitPrices } from '#lib/models/shared.ts'
import { creditsToDecimal, parseCredits } from '#lib/money.ts'

/** The fields of a price, in the order of the form: what people pay, then what it costs us. */
export const FIELDS = [
  'input',
  'output',
  'cacheRead',
  'cacheWrite',
  'reasoning',
  'request',
  'costInput',
  'costOutput',
  'costCacheRead',
  'costCacheWrite',
  'costReasoning',
] as const

/** A price as it is being typed: credits per one million tokens. */
export type PriceDraft = Record<(typeof FIELDS)[number], string>

/** A price as the form shows it first: what follows from input and output is left empty. */
export function draftOf(price: UnitPrices | null): PriceDraft {
  const empty = Object.fromEntries(FIELDS.map((name) => [name, ''])) as PriceDraft
  if (!price) return empty
  const text = creditsToDecimal
  const unless = (micros: bigint, usual: bigint) => (micros === usual ? '' : text(micros))
  return {
    input: text(price.inputMicros),
    output: text(price.outputMicros),
    cacheRead: unless(price.cacheReadMicros, price.inputMicros),
    cacheWrite: unless(price.cacheWriteMicros, price.inputMicros),
    reasoning: unless(price.reasoningMicros, price.outputMicros),
    request: unless(price.requestMicros, 0n),
    costInput: text(price.costInputMicros),
    costOutput: text(price.costOutputMicros),
    costCacheRead: unless(price.costCacheReadMicros, price.costInputMicros),
    costCacheWrite: unless(price.costCacheWriteMicros, price.costInputMicros),
    costReasoning: unless(price.costReasoningMicros, price.costOutputMicros),
  }
}

/** The kinds of tokens that this would sell below their cost; none while something typed is no price yet. */
export function draftedLosses(draft: PriceDraft): PriceKind[] {
  const amounts = FIELDS.map((name) => (draft[name].trim() === '' ? null : parseCredits(draft[name])))
  const typed = FIELDS.filter((name) => draft[name].trim() !== '').length
  if (amounts.filter((amount) => amount !== null).length < typed) return []
  const read = (name: (typeof FIELDS)[number], usual: bigint) => amounts[FIELDS.indexOf(name)] ?? usual
  if (draft.input.trim() === '' || draft.output.trim() === '') return []
  const [input, output] = [read('input', 0n), read('output', 0n)]
  const [costInput, costOutput] = [read('costInput', 0n), read('costOutput', 0n)]
  return lossesOf({
    inputMicros: input,
    cacheReadMicros: read('cacheRead', input),
    cacheWriteMicros: read('cacheWrite', input),
    outputMicros: output,
    reasoningMicros: read('reasoning', output),
    requestMicros: read('request', 0n),
    costInputMicros: costInput,
    costCacheReadMicros: read('costCacheRead', costInput),
    costCacheWriteMicros: read('costCacheWrite', costInput),
    costOutputMicros: costOutput,
    costReasoningMicros: read('costReasoning', costOutput),
  })
}
