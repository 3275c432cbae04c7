import { creditsToDecimal } from '#lib/money.ts'

/**
 * What credits come to in the site's currency, one unit for each: two digits that mean something below one unit, cents
 * below a thousand, none above.
 * @param currency ISO 4217
 */
export function formatMoney(micros: bigint, currency: string, locale: string): string {
  const size = micros < 0n ? -micros : micros
  const digits =
    size !== 0n && size < 1_000_000n
      ? { minimumSignificantDigits: 2, maximumSignificantDigits: 2 }
      : { maximumFractionDigits: size < 1_000_000_000n ? 2 : 0 }
  const format = new Intl.NumberFormat(locale, {
    style: 'currency',
    currency,
    currencyDisplay: 'narrowSymbol',
    trailingZeroDisplay: 'stripIfInteger',
    ...digits,
  })
  return format.format(creditsToDecimal(micros) as `${number}`)
}

/** Money in a currency's smallest unit as micro-credits. @param digits decimals of the currency, at most six */
export function microsOf(minor: bigint, digits: number): bigint {
  return minor * 10n ** BigInt(6 - digits)
}

/** By how much a figure has changed, as a fraction of what it was; null where it was nothing. */
export function changeOf(now: number | bigint, before: number | bigint): number | null {
  if (Number(before) === 0) return Number(now) === 0 ? 0 : null
  return (Number(now) - Number(before)) / Math.abs(Number(before))
}

/** A share as a fraction; null of nothing. */
export function shareOf(part: number | bigint, whole: number | bigint): number | null {
  return Number(whole) === 0 ? null : Number(part) / Number(whole)
}

/** Milliseconds for reading: 480ms, 1.2s, 14s. */
export function formatWait(ms: number | null, locale: string): string {
  if (ms === null) return '–'
  if (ms < 1_000) return unit(ms, 'millisecond', locale, 0)
  return unit(ms / 1_000, 'second', locale, ms < 10_000 ? 1 : 0)
}

function unit(value: number, name: string, locale: string, places: number): string {
  const format = new Intl.NumberFormat(locale, {
    style: 'unit',
    unit: name,
    unitDisplay: 'narrow',
    maximumFractionDigits: places,
  })
  return format.format(value)
}
