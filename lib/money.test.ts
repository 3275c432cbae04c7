import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  creditsToDecimal,
  decodeMicros,
  encodeMicros,
  explainPrice,
  formatCredits,
  formatExactCredits,
  formatPrice,
  formatWorth,
  isPayableCurrency,
  parseCredits,
  parsePrice,
  priceOfTokens,
  priceToDecimal,
} from '#lib/money.ts'

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })

describe('priceOfTokens', () => {
  test('rounds the exact sum up once, however the tokens are cut into parts', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ tokens: fc.nat(2_000_000), priceMicros: fc.bigInt({ min: 0n, max: 10n ** 12n }) }), {
          maxLength: 8,
        }),
        (parts) => {
          const scaled = parts.reduce((sum, part) => sum + BigInt(part.tokens) * part.priceMicros, 0n)
          const charged = priceOfTokens(parts)
          expect(charged * 1_000_000n - scaled).toBeGreaterThanOrEqual(0n)
          expect(charged * 1_000_000n - scaled).toBeLessThan(1_000_000n)
        },
      ),
    )
  })

  test('adds the price of the request itself after rounding the tokens', () => {
    expect(priceOfTokens([{ tokens: 1, priceMicros: 1n }], 5n)).toBe(6n)
    expect(priceOfTokens([], 5n)).toBe(5n)
  })

  test.each([
    { tokens: -1, priceMicros: 1n },
    { tokens: 1.5, priceMicros: 1n },
    { tokens: 1, priceMicros: -1n },
    { tokens: Number.NaN, priceMicros: 1n },
  ])('refuses %o', (part) =>
    expect(() => priceOfTokens([part])).toThrow(new RangeError('tokens and prices are whole and not negative')),
  )
})

describe('amounts on the wire', () => {
  test('every 64-bit amount comes back as it was, far beyond what a float holds', () => {
    fc.assert(fc.property(int64, (micros) => decodeMicros(encodeMicros(micros)) === micros))
  })

  test.each(['', '1.5', '1e3', ' 1', '0x10', '99999999999999999999'])('refuses %j', (text) =>
    expect(() => decodeMicros(text)).toThrow(new RangeError(`not an amount of micro-credits: ${text}`)),
  )

  test('refuses what is beyond 64 bits, and repeats no more than a little of what it was given', () => {
    const beyond = new RangeError('amount exceeds 64 bits')
    expect(() => decodeMicros('9223372036854775808')).toThrow(beyond)
    expect(() => decodeMicros('-9223372036854775809')).toThrow(beyond)
    const long = new RangeError(`not an amount of micro-credits: ${'x'.repeat(40)}`)
    expect(() => decodeMicros('x'.repeat(41))).toThrow(long)
  })
})

describe('amounts as people type and read them', () => {
  test('what is written out parses back to the same amount', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 17n), max: 10n ** 17n }),
        (micros) => parseCredits(creditsToDecimal(micros)) === micros,
      ),
    )
  })

  test('takes spaces around an amount for nothing', () => {
    expect(parseCredits(' -1.5 ')).toBe(-1_500_000n)
    expect(parseCredits('0')).toBe(0n)
  })

  test.each([
    [100_000n, '0.1'],
    [1_000_000n, '1'],
    [-10n, '-0.00001'],
    [0n, '0'],
  ])('writes %s micro-credits out as %s', (micros, text) => expect(creditsToDecimal(micros)).toBe(text))

  test.each(['', '-', '.5', '1.', '1.0000001', '1,5', '1e6', 'NaN', '１２'])('does not take %j for an amount', (text) =>
    expect(parseCredits(text)).toBeNull(),
  )

  test.each([
    [0n, '0'],
    [1n, '0.000001'],
    [4_200n, '0.0042'],
    [4_249n, '0.0042'],
    [99_999n, '0.1'],
    [841_800n, '0.84'],
    [999_999n, '1'],
    [1_000_000n, '1'],
    [1_049_999n, '1.05'],
    [12_500_000n, '12.5'],
    [999_990_000n, '999.99'],
    [1_000_000_000n, '1,000'],
    [1_000_400_000n, '1,000'],
    [1_234_567_000_000n, '1,234,567'],
    [128_404_999n, '128.4'],
    [1_280_000_000n, '1,280'],
    [-841_800n, '-0.84'],
    [9_007_199_254_740_993_000_000n, '9,007,199,254,740,993'],
  ])('shows %s micro-credits as %s', (micros, text) => expect(formatCredits(micros, 'en')).toBe(text))

  test.each([
    [1n, '0.000001', '0.000001'],
    [4_201n, '0.0042', '0.0043'],
    [4_200n, '0.0042', '0.0042'],
    [999_999n, '0.99', '1'],
    [1_000_001n, '1', '1.01'],
    [128_409_999n, '128.4', '128.41'],
    [1_280_600_000n, '1,280', '1,281'],
  ])('of %s there is at least %s, and %s is enough', (micros, least, enough) => {
    expect(formatCredits(micros, 'en', 'down')).toBe(least)
    expect(formatCredits(micros, 'en', 'up')).toBe(enough)
  })

  test.each([
    [1n, '0.000001'],
    [1_280_595_769n, '1,280.595769'],
    [-4_200n, '-0.0042'],
    [0n, '0'],
  ])('exactly, %s is %s', (micros, text) => expect(formatExactCredits(micros, 'en')).toBe(text))
})

test.each([
  [128_409_999n, 'USD', 'en', '$128.40'],
  [9_007_199_254_740_993_000_000n, 'CNY', 'zh-CN', '¥9,007,199,254,740,993.00'],
  [1_999_999n, 'JPY', 'en', '¥1'],
  [0n, 'EUR', 'en', '€0.00'],
])('%i micros are worth in %s, told in %s: %s', (micros, currency, locale, text) =>
  expect(formatWorth(micros, currency, locale)).toBe(text),
)

describe('prices', () => {
  test.each([
    [0n, 'USD', '0.00', '$0'],
    [5n, 'USD', '0.05', '$0.05'],
    [1_000n, 'USD', '10.00', '$10'],
    [1_250n, 'USD', '12.50', '$12.50'],
    [-1_250n, 'USD', '-12.50', '-$12.50'],
    [500n, 'JPY', '500', '¥500'],
    [-3n, 'JPY', '-3', '-¥3'],
    [123_456_789_012_345_678n, 'CNY', '1234567890123456.78', 'CN¥1,234,567,890,123,456.78'],
  ])('%s %s is %s, read as %s', (minor, currency, decimal, read) => {
    expect(priceToDecimal(minor, currency)).toBe(decimal)
    expect(formatPrice(minor, currency, 'en')).toBe(read)
  })

  test.each([
    ['10', 'USD', 1_000n],
    [' 12.5 ', 'USD', 1_250n],
    ['12.50', 'USD', 1_250n],
    ['0.05', 'USD', 5n],
    ['500', 'JPY', 500n],
  ])('%s %s is parsed', (text, currency, minor) => {
    expect(parsePrice(text, currency)).toBe(minor)
  })

  test.each([
    ['', 'USD'],
    ['-1', 'USD'],
    ['1.', 'USD'],
    ['.5', 'USD'],
    ['1e3', 'USD'],
    ['1,000', 'USD'],
    ['12.505', 'USD'],
    ['5.0', 'JPY'],
    ['x10', 'USD'],
    ['10x', 'USD'],
  ])('%s %s is no price', (text, currency) => {
    expect(parsePrice(text, currency)).toBeNull()
  })

  test('are in currencies with cents or without, as payment providers count them', () => {
    expect(['USD', 'CNY', 'EUR', 'JPY', 'KRW', 'HKD'].filter((code) => !isPayableCurrency(code))).toEqual([])
    expect(['ISK', 'UGX', 'IDR', 'HUF', 'COP', 'KWD', 'XXY', 'usd', ''].filter(isPayableCurrency)).toEqual([])
  })

  test('come back as they were', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 12n - 1n }), fc.constantFrom('USD', 'JPY'), (minor, currency) => {
        expect(parsePrice(priceToDecimal(minor, currency), currency)).toBe(minor)
      }),
    )
  })
})

describe('the parts of a price', () => {
  test('are exact, and add up to what is charged with what rounding adds once', () => {
    const parts = [
      { tokens: 1_001, priceMicros: 1_584_000n },
      { tokens: 333, priceMicros: 4_752_000n },
    ]
    expect(explainPrice(parts)).toEqual({ each: ['0.001585584', '0.001582416'], roundedUp: '0' })
    expect(priceOfTokens(parts)).toBe(3_168n)
    expect(explainPrice([{ tokens: 1, priceMicros: 1n }])).toEqual({
      each: ['0.000000000001'],
      roundedUp: '0.000000999999',
    })
    expect(explainPrice([{ tokens: 3, priceMicros: 500_000n }])).toEqual({
      each: ['0.0000015'],
      roundedUp: '0.0000005',
    })
    expect(explainPrice([{ tokens: 1_000_000, priceMicros: 2_000_000n }])).toEqual({ each: ['2'], roundedUp: '0' })
    expect(explainPrice([])).toEqual({ each: [], roundedUp: '0' })
  })
})
