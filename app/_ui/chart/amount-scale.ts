import { max } from 'd3-array'
import { scaleLinear } from 'd3-scale'
import { creditsToDecimal, MICROS_PER_CREDIT } from '#lib/money.ts'

export type AmountScale = {
  /** Where the axis ends, in micro-credits; at least the largest amount. */
  max: bigint
  /** Round amounts from zero to the end. */
  ticks: bigint[]
}

const TICKS = 4

/** An axis for amounts that starts at zero and ends at a round number. Amounts are micro-credits, none negative. */
export function amountScale(amounts: readonly bigint[]): AmountScale {
  const largest = max(amounts, (micros) => Number(creditsToDecimal(micros))) ?? 0
  // Without any spending one credit is as good an axis as any.
  const axis = scaleLinear()
    .domain([0, largest || 1])
    .nice(TICKS)
  const ticks = axis.ticks(TICKS).map((credits) => BigInt(Math.round(credits * Number(MICROS_PER_CREDIT))))
  return { max: ticks.at(-1)!, ticks: [...new Set(ticks)] }
}

/** How many percent of a whole an amount is, to a hundredth: a length on the screen. */
export function share(micros: bigint, whole: bigint): number {
  return whole <= 0n ? 0 : Number((micros * 10_000n) / whole) / 100
}
