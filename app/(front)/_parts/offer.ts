import { getLocale } from 'next-intl/server'
import type { ModelPrices } from '#lib/models/index.ts'
import { creditsToDecimal, formatCredits, formatWorth, MICROS_PER_CREDIT } from '#lib/money.ts'

/** How amounts are written on the public pages. */
export async function amountsIn(currency: string) {
  const locale = await getLocale()
  const exact = new Intl.NumberFormat(locale, { maximumFractionDigits: 6 })
  return {
    /** As everywhere else: no more digits than mean something. */
    rounded: (micros: bigint) => formatCredits(micros, locale),
    exact: (micros: bigint) => exact.format(creditsToDecimal(micros) as `${number}`),
    worth: formatWorth(MICROS_PER_CREDIT, currency, locale),
    tokens: (count: number) => exact.format(count),
  }
}

/** Kinds of prices that say nothing new, for they are as high as another or nothing. */
export function kindsOf(models: readonly ModelPrices[]) {
  return {
    cacheRead: models.some((model) => model.cacheReadMicros !== model.inputMicros),
    cacheWrite: models.some((model) => model.cacheWriteMicros !== model.inputMicros),
    reasoning: models.some((model) => model.reasoningMicros !== model.outputMicros),
    request: models.some((model) => model.requestMicros > 0n),
  }
}
