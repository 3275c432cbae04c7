/**
 * Credits are bigint micro-credits (1e-6 credit) everywhere. Nothing here touches floating point;
 * on JSON wires an amount is a decimal string of micro-credits.
 */
export const MICROS_PER_CREDIT = 1_000_000n

/** Tokens a price is quoted for: prices are micro-credits per one million tokens. */
export const TOKENS_PER_PRICE = 1_000_000n

/**
 * Parses a decimal amount of credits as a person types it ("12.5") into micro-credits.
 * @returns null when it is not a plain decimal with at most six places
 */
export function parseCredits(text: string): bigint | null {
  const match = /^(-?)(\d{1,12})(?:\.(\d{1,6}))?$/.exec(text.trim())
  if (!match) return null
  const [, sign, whole, fraction = ''] = match
  const micros = BigInt(whole!) * MICROS_PER_CREDIT + BigInt(fraction.padEnd(6, '0'))
  return sign ? -micros : micros
}

/** The exact amount in credits as a plain decimal, without trailing zeros: 1_500_000n → "1.5". */
export function creditsToDecimal(micros: bigint): string {
  return toDecimal(micros, 6)
}

/** The exact amount with the separators of a language, for lines that somebody adds up. @param locale BCP 47 tag */
export function formatExactCredits(micros: bigint, locale: string): string {
  // Intl formats a decimal string exactly (Intl.NumberFormat v3), without a detour over a float.
  return new Intl.NumberFormat(locale, { maximumFractionDigits: 6 }).format(creditsToDecimal(micros) as `${number}`)
}

/** What somebody has is never told larger than it is, and what they need never smaller. */
export type Rounding = 'nearest' | 'down' | 'up'

/**
 * Rounds for reading: never more digits than mean something (0.0042, 12.5, 1,280).
 * Below one credit two significant digits, below 1,000 two decimals, above none.
 * @param locale BCP 47 tag for separators
 * @param rounding to the nearest (half up) unless it must not miss one way; of an amount below zero, by its size
 */
export function formatCredits(micros: bigint, locale: string, rounding: Rounding = 'nearest'): string {
  const absolute = withoutSign(micros)
  let places = 0
  // Stryker disable EqualityOperator: the bounds themselves are written the same with more places
  if (absolute < MICROS_PER_CREDIT) places = Math.min(6, 8 - absolute.toString().length)
  else if (absolute < 1_000n * MICROS_PER_CREDIT) places = 2
  // Stryker restore EqualityOperator
  const unit = 10n ** BigInt(6 - places)
  const carried = { nearest: unit / 2n, down: 0n, up: unit - 1n }[rounding]
  const rounded = ((absolute + carried) / unit) * unit
  // Stryker disable next-line EqualityOperator: zero has no sign
  return formatExactCredits(micros < 0n ? -rounded : rounded, locale)
}

/**
 * What credits are worth in the site's currency, one unit for each, rounded down to what the currency can pay.
 * @param currency ISO 4217
 */
export function formatWorth(micros: bigint, currency: string, locale: string): string {
  const format = new Intl.NumberFormat(locale, { style: 'currency', currency, roundingMode: 'floor' })
  return format.format(creditsToDecimal(micros) as `${number}`)
}

/** A whole number of parts, so many places after the point, as a plain decimal without trailing zeros. */
function toDecimal(parts: bigint, places: number): string {
  const sign = parts < 0n ? '-' : ''
  const digits = withoutSign(parts)
    .toString()
    .padStart(places + 1, '0')
  const fraction = digits.slice(-places).replace(/0+$/, '')
  return `${sign}${digits.slice(0, -places)}${fraction ? `.${fraction}` : ''}`
}

function withoutSign(micros: bigint): bigint {
  // Stryker disable next-line EqualityOperator: zero has no sign
  return micros < 0n ? -micros : micros
}

/** The wire form of an amount: a decimal string of micro-credits. */
export function encodeMicros(micros: bigint): string {
  return micros.toString()
}

/**
 * Reads the wire form of an amount.
 * @throws {RangeError} when it is not an integer within PostgreSQL's bigint
 */
export function decodeMicros(text: string): bigint {
  if (!/^-?\d{1,19}$/.test(text)) throw new RangeError(`not an amount of micro-credits: ${text.slice(0, 40)}`)
  const micros = BigInt(text)
  if (BigInt.asIntN(64, micros) !== micros) throw new RangeError('amount exceeds 64 bits')
  return micros
}

/** One kind of token in a sum: how many, and micro-credits per one million of them. */
export type PricedTokens = { tokens: number; priceMicros: bigint }

/**
 * What tokens cost: one exact rational sum, rounded up once to a whole micro-credit, so that the
 * charge exceeds the exact price by less than one micro-credit however the call was cut up.
 */
export function priceOfTokens(parts: readonly PricedTokens[], requestMicros = 0n): bigint {
  let scaled = 0n
  for (const part of parts) {
    if (!Number.isSafeInteger(part.tokens) || part.tokens < 0 || part.priceMicros < 0n) {
      throw new RangeError('tokens and prices are whole and not negative')
    }
    scaled += BigInt(part.tokens) * part.priceMicros
  }
  return requestMicros + (scaled + TOKENS_PER_PRICE - 1n) / TOKENS_PER_PRICE
}

/**
 * The sum that `priceOfTokens` rounds, before it is rounded: each part's exact price, and what rounding up adds to their
 * sum, as plain decimals of credits ("0" when nothing).
 */
export function explainPrice(parts: readonly PricedTokens[]): { each: string[]; roundedUp: string } {
  const exact = parts.map(({ tokens, priceMicros }) => BigInt(tokens) * priceMicros)
  const sum = exact.reduce((a, b) => a + b, 0n)
  const missing = (TOKENS_PER_PRICE - (sum % TOKENS_PER_PRICE)) % TOKENS_PER_PRICE
  return { each: exact.map((scaled) => toDecimal(scaled, 12)), roundedUp: toDecimal(missing, 12) }
}

/** Currencies whose smallest unit payment providers and Intl count differently: a price would be charged a hundredth of. */
const UNPAYABLE = new Set('AFN ALL COP HUF IDR IQD IRR ISK KPW LAK LBP MMK PKR SLL SOS SYP UGX YER'.split(' '))

/** True for a currency that a price can be in: ISO 4217, with cents or without. */
export function isPayableCurrency(code: string): boolean {
  if (UNPAYABLE.has(code) || !Intl.supportedValuesOf('currency').includes(code)) return false
  return [0, 2].includes(minorDigits(code))
}

/** How many decimals a currency has: 2 for USD, 0 for JPY. @param currency ISO 4217 */
export function minorDigits(currency: string): number {
  return new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2
}

/** An amount in a currency's smallest unit, for reading: 1250n USD → "$12.50". @param currency ISO 4217 */
export function formatPrice(amountMinor: bigint, currency: string, locale: string): string {
  const decimal = priceToDecimal(amountMinor, currency)
  // Whole prices read better without their zeros; a price of 12.5 keeps both digits.
  const format = new Intl.NumberFormat(locale, { style: 'currency', currency, trailingZeroDisplay: 'stripIfInteger' })
  return format.format(decimal as `${number}`)
}

/** The exact amount as a plain decimal: 1250n USD → "12.50", 500n JPY → "500". @param currency ISO 4217 */
export function priceToDecimal(amountMinor: bigint, currency: string): string {
  const digits = minorDigits(currency)
  const text = withoutSign(amountMinor)
    .toString()
    .padStart(digits + 1, '0')
  const sign = amountMinor < 0n ? '-' : ''
  return digits === 0 ? `${sign}${text}` : `${sign}${text.slice(0, -digits)}.${text.slice(-digits)}`
}

/**
 * Parses a price as a person types it ("12.5") into the currency's smallest unit.
 * @returns null when it is not a plain decimal, is negative, or has more places than the currency
 */
export function parsePrice(text: string, currency: string): bigint | null {
  const digits = minorDigits(currency)
  const match = /^(\d{1,12})(?:\.(\d+))?$/.exec(text.trim())
  if (!match) return null
  const [, whole, fraction = ''] = match
  return fraction.length > digits ? null : BigInt(whole! + fraction.padEnd(digits, '0'))
}
