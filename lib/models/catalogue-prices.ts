import { type CatalogueModel, EXCHANGE_RATES } from '#db/catalogue.ts'
import { parseCredits } from '#lib/money.ts'

const RATE_SCALE = 100_000_000n

/**
 * A vendor's prices in the site's currency: what they cost us, and with the markup what people pay.
 * Each is rounded up to a whole micro-credit. Null when no rate between the currencies is known.
 */
export function convertPrices(
  model: Pick<CatalogueModel, 'price' | 'source'>,
  currency: string,
  markupPercent: number,
) {
  const from = EXCHANGE_RATES[model.price.currency]
  const to = EXCHANGE_RATES[currency]
  if (!from || !to) return null
  const rate = ceilDivide(parseRate(to.perDollar) * RATE_SCALE, parseRate(from.perDollar))
  const cost = (text: string) => ceilDivide(parseCredits(text)! * rate, RATE_SCALE)
  const sale = (micros: bigint) => ceilDivide(micros * BigInt(100 + markupPercent), 100n)
  const input = cost(model.price.input)
  const cacheRead = cost(model.price.cacheRead ?? model.price.input)
  const cacheWrite = cost(model.price.cacheWrite ?? model.price.input)
  const output = cost(model.price.output)
  return {
    inputMicros: sale(input),
    cacheReadMicros: sale(cacheRead),
    cacheWriteMicros: sale(cacheWrite),
    outputMicros: sale(output),
    reasoningMicros: sale(output),
    costInputMicros: input,
    costCacheReadMicros: cacheRead,
    costCacheWriteMicros: cacheWrite,
    costOutputMicros: output,
    costReasoningMicros: output,
    sourceUrl: model.source.url,
    sourceDate: model.source.date,
    sourceCurrency: model.price.currency,
    exchangeRate: formatRate(rate),
    exchangeRateDate: [to.date, from.date].sort()[0],
  }
}

/** What of a catalogue's entry is a model's row. */
export function limitsOf(model: CatalogueModel) {
  const { price: _price, source: _source, ...limits } = model
  return limits
}

function parseRate(text: string): bigint {
  const [whole = '0', fraction = ''] = text.split('.')
  return BigInt(whole + fraction.padEnd(8, '0').slice(0, 8))
}

function formatRate(rate: bigint): string {
  return `${rate / RATE_SCALE}.${(rate % RATE_SCALE).toString().padStart(8, '0')}`
}

function ceilDivide(a: bigint, b: bigint): bigint {
  return (a + b - 1n) / b
}
