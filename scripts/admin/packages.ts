import { readFile } from 'node:fs/promises'
import type { Ctx } from '#lib/ctx.ts'
import { creditsToDecimal, isPayableCurrency, parseCredits, parsePrice, priceToDecimal } from '#lib/money.ts'
import { listAllPackages, type Package, setPackage } from '#lib/payments/index.ts'
import { getSetting, listSiteFiles, type SiteFileName, setSiteFile } from '#lib/settings/index.ts'
import { onAccountOf } from './acting.ts'
import { type Command, type Option, type Options, UsageError } from './command.ts'

const byOption: Option = { value: 'ADMIN', help: 'e-mail address or id of the admin on whose account it is recorded' }

export const setPackageCommand: Command = {
  name: 'package set',
  summary: 'makes a package that people can buy, or changes what is given of one',
  args: ['ID'],
  options: {
    price: { value: 'N', help: 'what it costs, such as 9.90; a new package needs one' },
    currency: { value: 'CODE', help: 'of the price, such as USD; the site’s currency for a new package' },
    credits: { value: 'N', help: 'what it gives; a new package needs some' },
    bonus: { value: 'N', help: 'credits on top, from promotions; default 0' },
    position: { value: 'N', help: 'packages with small numbers come first; default 0' },
    active: { value: 'YES|NO', help: 'whether it is for sale; default yes' },
    by: byOption,
  },
  notes: 'Orders keep the terms they were placed with.',
  async run({ ctx, options, args: [id = ''] }) {
    const acting = await onAccountOf(ctx, options.find('by'))
    const currency = options.find('currency') ?? (await presentCurrency(ctx, id))
    const { package: saved, changed } = await setPackage(acting, {
      id,
      currency,
      priceMinor: readPrice(options, 'price', currency),
      creditsMicros: readCredits(options, 'credits'),
      bonusMicros: readCredits(options, 'bonus'),
      position: options.findNumber('position'),
      active: readSwitch(options, 'active'),
    })
    return { text: `${describePackage(saved)}${changed ? '' : ' (as before)'}`, data: { ...toData(saved), changed } }
  },
}

export const listPackagesCommand: Command = {
  name: 'package list',
  summary: 'lists the packages, also those that are not for sale',
  options: {},
  async run({ ctx }) {
    const packages = await listAllPackages(ctx)
    const text = packages.length === 0 ? 'none' : packages.map(describePackage).join('\n')
    return { text, data: { packages: packages.map(toData) } }
  },
}

/** What people scan to pay by hand, under the names that operators use. */
const PAYMENT_CODES: Record<string, SiteFileName> = {
  alipay: 'manual_payment_alipay',
  wechat: 'manual_payment_wechat',
  bank: 'manual_payment_bank',
}

export const setPaymentCodeCommand: Command = {
  name: 'payment-code set',
  summary: 'shows a picture of yours to those who pay by transfer: alipay, wechat or bank',
  args: ['NAME', 'FILE'],
  options: { by: byOption },
  notes: 'A PNG, JPEG or WebP picture of at most 1 MB. It is shown while the setting manual_payment is on.',
  async run({ ctx, options, args: [name = '', file = ''] }) {
    const acting = await onAccountOf(ctx, options.find('by'))
    const { changed } = await setSiteFile(acting, { name: readName(name), bytes: await readBytes(file) })
    return { text: `${name} ${changed ? 'is' : 'was already'} ${file}`, data: { name, changed } }
  },
}

export const clearPaymentCodeCommand: Command = {
  name: 'payment-code clear',
  summary: 'takes such a picture away',
  args: ['NAME'],
  options: { by: byOption },
  async run({ ctx, options, args: [name = ''] }) {
    const acting = await onAccountOf(ctx, options.find('by'))
    const { changed } = await setSiteFile(acting, { name: readName(name), bytes: null })
    return { text: `${name} ${changed ? 'is' : 'was already'} gone`, data: { name, changed } }
  },
}

export const listPaymentCodesCommand: Command = {
  name: 'payment-code list',
  summary: 'lists these pictures',
  options: {},
  async run({ ctx }) {
    const files = await listSiteFiles(ctx)
    const codes = Object.entries(PAYMENT_CODES).flatMap(([name, fileName]) => {
      const found = files.find((file) => file.name === fileName)
      return found ? [{ name, mediaType: found.mediaType, updatedAt: found.updatedAt.toISOString() }] : []
    })
    const lines = codes.map(({ name, mediaType, updatedAt }) => `${name}  ${mediaType}, since ${updatedAt}`)
    return { text: lines.join('\n') || 'none', data: { codes } }
  },
}

/**
 * A price of the command line in the currency's smallest unit; none when the option was not given.
 * @throws {UsageError}
 */
export function readPrice(options: Options, name: string, currency: string): bigint | undefined {
  const text = options.find(name)
  if (text === undefined) return undefined
  if (!isPayableCurrency(currency)) throw new UsageError(`nobody can pay in ${currency}`)
  const minor = parsePrice(text, currency)
  if (minor === null || minor === 0n) {
    throw new UsageError(`--${name} must be an amount of ${currency} above zero, not '${text}'`)
  }
  return minor
}

async function presentCurrency(ctx: Ctx, id: string): Promise<string> {
  const known = (await listAllPackages(ctx)).find((candidate) => candidate.id === id)
  return known?.currency ?? getSetting(ctx, 'site_currency')
}

function readCredits(options: Options, name: string): bigint | undefined {
  const text = options.find(name)
  if (text === undefined) return undefined
  const micros = parseCredits(text)
  if (micros === null || micros < 0n) {
    throw new UsageError(`--${name} must be a decimal number of credits with at most six places, not '${text}'`)
  }
  return micros
}

function readSwitch(options: Options, name: string): boolean | undefined {
  switch (options.find(name)) {
    case undefined:
      return undefined
    case 'yes':
      return true
    case 'no':
      return false
    default:
      throw new UsageError(`--${name} must be yes or no, not '${options.get(name)}'`)
  }
}

function readName(name: string): SiteFileName {
  const known = Object.hasOwn(PAYMENT_CODES, name) && PAYMENT_CODES[name]
  if (!known) throw new UsageError(`NAME must be ${Object.keys(PAYMENT_CODES).join(', ')}, not '${name}'`)
  return known
}

async function readBytes(file: string): Promise<Buffer> {
  try {
    return await readFile(file)
  } catch (error) {
    throw new UsageError(`cannot read ${file}`, { cause: error })
  }
}

function describePackage({ id, priceMinor, currency, creditsMicros, bonusMicros, position, active }: Package): string {
  const bonus = bonusMicros > 0n ? ` and ${creditsToDecimal(bonusMicros)} as a bonus` : ''
  const terms = `${priceToDecimal(priceMinor, currency)} ${currency} for ${creditsToDecimal(creditsMicros)} credits${bonus}`
  return `${id}  ${terms}, position ${position}${active ? '' : ', NOT FOR SALE'}`
}

function toData({ priceMinor, creditsMicros, bonusMicros, ...rest }: Package) {
  return {
    ...rest,
    price: priceToDecimal(priceMinor, rest.currency),
    credits: creditsToDecimal(creditsMicros),
    bonus: creditsToDecimal(bonusMicros),
  }
}
