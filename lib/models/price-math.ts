import { priceOfTokens } from '#lib/money.ts'

/** The kinds of tokens that have a price; they do not overlap. */
export const PRICE_KINDS = ['input', 'cacheRead', 'cacheWrite', 'output', 'reasoning'] as const

export type PriceKind = (typeof PRICE_KINDS)[number]

/** What people pay and what it costs us, in micro-credits per one million tokens; `requestMicros` for each call. */
export type UnitPrices = {
  inputMicros: bigint
  cacheReadMicros: bigint
  cacheWriteMicros: bigint
  outputMicros: bigint
  reasoningMicros: bigint
  requestMicros: bigint
  costInputMicros: bigint
  costCacheReadMicros: bigint
  costCacheWriteMicros: bigint
  costOutputMicros: bigint
  costReasoningMicros: bigint
}

/** Price and cost of one kind of token. */
export function pairOf(prices: UnitPrices, kind: PriceKind): { price: bigint; cost: bigint } {
  switch (kind) {
    case 'input':
      return { price: prices.inputMicros, cost: prices.costInputMicros }
    case 'cacheRead':
      return { price: prices.cacheReadMicros, cost: prices.costCacheReadMicros }
    case 'cacheWrite':
      return { price: prices.cacheWriteMicros, cost: prices.costCacheWriteMicros }
    case 'output':
      return { price: prices.outputMicros, cost: prices.costOutputMicros }
    case 'reasoning':
      return { price: prices.reasoningMicros, cost: prices.costReasoningMicros }
  }
}

/** The kinds of tokens that are sold for less than they cost us. */
export function lossesOf(prices: UnitPrices): PriceKind[] {
  return PRICE_KINDS.filter((kind) => {
    const { price, cost } = pairOf(prices, kind)
    return price < cost
  })
}

/** What is left of a revenue after its cost, in tenths of a percent of the revenue: 167 is 16.7 %. Null without a revenue. */
export function marginPermille(revenueMicros: bigint, costMicros: bigint): number | null {
  if (revenueMicros <= 0n) return null
  return Math.round(Number(((revenueMicros - costMicros) * 100_000n) / revenueMicros) / 100)
}

/** Tokens by kind, and calls. */
export type TokenSums = Record<PriceKind, number> & { calls: number }

/** What so many tokens would bring and cost at these prices, in micro-credits, rounded up once. */
export function priceSums(sums: TokenSums, prices: UnitPrices): { revenueMicros: bigint; costMicros: bigint } {
  const parts = PRICE_KINDS.map((kind) => ({ tokens: sums[kind], ...pairOf(prices, kind) }))
  return {
    revenueMicros: priceOfTokens(
      parts.map(({ tokens, price }) => ({ tokens, priceMicros: price })),
      prices.requestMicros * BigInt(sums.calls),
    ),
    costMicros: priceOfTokens(parts.map(({ tokens, cost }) => ({ tokens, priceMicros: cost }))),
  }
}
