import type { FoundModel } from '#lib/models/shared.ts'
import { creditsToDecimal, parseCredits } from '#lib/money.ts'

/** Prices as they are typed, in credits per one million tokens. */
export type TypedPrices = { costInput: string; costOutput: string; input: string; output: string }

/** What is chosen of the models that were found, by the vendor's name for each. */
export type Choice = Record<string, TypedPrices>

export const NO_PRICES: TypedPrices = { costInput: '', costOutput: '', input: '', output: '' }

/** What is priced already is chosen; more than a few hundred nobody wants at once. */
export function usualChoice(models: readonly FoundModel[]): Choice {
  const priced = models.filter((model) => model.isChat && model.from !== 'hand').slice(0, 100)
  return Object.fromEntries(priced.map(({ vendorModel }) => [vendorModel, NO_PRICES]))
}

/** A price with so many percent on top, rounded up; empty for what is no price. */
export function withMarkup(cost: string, percent: number): string {
  const micros = parseCredits(cost)
  if (micros === null || micros < 0n) return ''
  return creditsToDecimal((micros * BigInt(100 + percent) + 99n) / 100n)
}

/** What people pay while nobody typed another price. */
export function salePrices(prices: TypedPrices, percent: number): TypedPrices {
  return {
    ...prices,
    input: prices.input.trim() || withMarkup(prices.costInput, percent),
    output: prices.output.trim() || withMarkup(prices.costOutput, percent),
  }
}

/** True where something typed is sold for less than it costs. */
export function isLoss({ costInput, costOutput, input, output }: TypedPrices): boolean {
  const isBelow = (price: string, cost: string) => {
    const [sale, own] = [parseCredits(price), parseCredits(cost || '0')]
    return sale !== null && own !== null && sale < own
  }
  return isBelow(input, costInput) || isBelow(output, costOutput)
}

/** Names of the chosen models whose prices are missing or are none. */
export function withoutPrice(models: readonly FoundModel[], choice: Choice, percent: number): string[] {
  return models.flatMap(({ vendorModel, from }) => {
    const typed = choice[vendorModel]
    if (!typed || from !== 'hand') return []
    const { input, output, costInput, costOutput } = salePrices(typed, percent)
    const isPrice = (text: string) => (parseCredits(text) ?? -1n) >= 0n
    const isCost = (text: string) => text.trim() === '' || isPrice(text)
    return isPrice(input) && isPrice(output) && isCost(costInput) && isCost(costOutput) ? [] : [vendorModel]
  })
}

type ChosenModel =
  | { from: 'known' | 'catalogue'; vendorModel: string; modelId: string }
  | {
      from: 'hand'
      vendorModel: string
      model: TypedPrices & { id: string; displayName: string; reasoning: boolean; allowLoss: boolean }
    }

/** The choice as the server takes it. */
export function chosenModels(models: readonly FoundModel[], choice: Choice, percent: number): ChosenModel[] {
  return models.flatMap(({ vendorModel, modelId, displayName, reasoning, from }): ChosenModel[] => {
    const typed = choice[vendorModel]
    if (!typed) return []
    if (from !== 'hand') return [{ from, vendorModel, modelId }]
    const prices = salePrices(typed, percent)
    return [{ from, vendorModel, model: { ...prices, id: modelId, displayName, reasoning, allowLoss: isLoss(prices) } }]
  })
}
