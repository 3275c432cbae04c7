import { asc, eq, sql } from 'drizzle-orm'
import { z } from 'zod'
import { orders, packages } from '#db/schema/index.ts'
import { recordAudit } from '#lib/audit.ts'
import { type Ctx, inTransaction, requireAdmin } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'
import { creditsToDecimal, isPayableCurrency, minorDigits, priceToDecimal } from '#lib/money.ts'
import { getSetting, setSetting } from '#lib/settings/index.ts'

/** What people can buy. The price is in the currency's smallest unit; the bonus comes on top, from promotions. */
export type Package = {
  id: string
  priceMinor: bigint
  currency: string
  creditsMicros: bigint
  bonusMicros: bigint
  position: number
  active: boolean
}

/** The largest amount that Stripe takes in one payment. */
const PRICE_MAX = 99_999_999n
const CREDITS_MAX = 100_000_000_000_000n
/** A page of packages shows all of them. */
const PACKAGES_MAX = 50

const columns = {
  id: packages.id,
  priceMinor: packages.priceMinor,
  currency: packages.currency,
  creditsMicros: packages.creditsMicros,
  bonusMicros: packages.bonusMicros,
  position: packages.position,
  active: packages.active,
}
const inOrder = [asc(packages.position), asc(packages.priceMinor), asc(packages.id)]

/** What is for sale, in its order, for everybody. */
export function listPackages(ctx: Ctx): Promise<Package[]> {
  return ctx.db
    .select(columns)
    .from(packages)
    .where(eq(packages.active, true))
    .orderBy(...inOrder)
    .limit(PACKAGES_MAX)
}

/** What is or was for sale, in its order. Admins and the service only. */
export async function listAllPackages(ctx: Ctx): Promise<Package[]> {
  requireAdmin(ctx)
  return ctx.db
    .select(columns)
    .from(packages)
    .orderBy(...inOrder)
    .limit(PACKAGES_MAX)
}

/** A package while it is for sale; for everybody. */
export async function findActivePackage(ctx: Ctx, { packageId }: { packageId: string }): Promise<Package | null> {
  const found = await findPackage(ctx, packageId)
  return found?.active ? found : null
}

const setPackageInput = z.object({
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'must be at most 40 small letters, digits and dashes'),
  /** In the currency's smallest unit. */
  priceMinor: z.bigint().positive().max(PRICE_MAX).optional(),
  currency: z.string().refine(isPayableCurrency, 'is no currency that can be paid in').optional(),
  creditsMicros: z.bigint().positive().max(CREDITS_MAX).optional(),
  /** Given on top, from promotions. */
  bonusMicros: z.bigint().nonnegative().max(CREDITS_MAX).optional(),
  /** Small ones come first. */
  position: z.number().int().min(0).max(1_000_000).optional(),
  active: z.boolean().optional(),
})

export type SetPackageInput = z.input<typeof setPackageInput>

/**
 * Makes a package, or changes what is given of one; orders keep the terms they were placed with. The same again changes
 * nothing. Admins and the service only.
 * @returns the package, and whether this call changed something
 * @throws {AppError} `invalid_input` {field} when a new package lacks a price, currency or credits, when one gets another
 * currency without a price in it, or when there are too many
 */
export async function setPackage(ctx: Ctx, input: SetPackageInput): Promise<{ package: Package; changed: boolean }> {
  requireAdmin(ctx)
  const { id, ...given } = setPackageInput.parse(input)
  return inTransaction(ctx, async (tx) => {
    await lockPackages(tx)
    const known = await findPackage(tx, id)
    if (known && given.currency && given.currency !== known.currency && given.priceMinor === undefined) {
      throw refusal('priceMinor', `a price in ${given.currency} is missing`)
    }
    const wanted = known ? { ...known, ...withoutUndefined(given) } : { id, ...termsOfNew(given) }
    if (known && sameTerms(known, wanted)) return { package: known, changed: false }
    if (!known) await requireRoom(tx)
    const [saved] = await tx.db
      .insert(packages)
      .values(wanted)
      .onConflictDoUpdate({ target: packages.id, set: { ...wanted, updatedAt: sql`now()` } })
      .returning(columns)
    await recordAudit(tx, {
      action: 'package.set',
      subjectType: 'package',
      subjectId: id,
      before: known ? summaryOf(known) : undefined,
      after: summaryOf(saved!),
    })
    return { package: saved!, changed: true }
  })
}

/**
 * Gives a service that has never had a package three of them, a credit for each unit of the currency.
 * @returns how many were made: none where there are packages, or the currency cannot be paid in
 */
export async function seedPackages(ctx: Ctx, { currency }: { currency: string }): Promise<number> {
  requireAdmin(ctx)
  if (!isPayableCurrency(currency)) return 0
  return inTransaction(ctx, async (tx) => {
    await lockPackages(tx)
    if ((await tx.db.$count(packages)) > 0) return 0
    const sizes = [
      { id: 'small', units: 5n },
      { id: 'medium', units: 20n },
      { id: 'large', units: 50n },
    ]
    for (const [index, { id, units }] of sizes.entries()) {
      const price = units * (UNITS_PER_DOLLAR_OR_SO[currency] ?? 1n)
      await setPackage(tx, {
        id,
        priceMinor: price * 10n ** BigInt(minorDigits(currency)),
        currency,
        creditsMicros: price * 1_000_000n,
        position: index + 1,
      })
    }
    return sizes.length
  })
}

export const setSiteCurrencyInput = z.object({
  currency: z.string().max(10),
  /** Of the setting that a form was filled in on. */
  version: z.number().int().nonnegative().optional(),
})

/**
 * Changes the currency in which a credit is worth one unit. It is fixed once money came in: what people hold would change
 * its worth. Admins and the service only.
 * @throws {AppError} `conflict` when somebody has paid, `invalid_input` {field}, `changed_meanwhile`
 */
export async function setSiteCurrency(ctx: Ctx, input: z.input<typeof setSiteCurrencyInput>): Promise<void> {
  requireAdmin(ctx)
  const { currency, version } = setSiteCurrencyInput.parse(input)
  if (!Intl.supportedValuesOf('currency').includes(currency)) throw refusal('site_currency', 'is no currency')
  await inTransaction(ctx, async (tx) => {
    if ((await getSetting(tx, 'site_currency')) === currency) return
    if (await isSiteCurrencyFixed(tx)) {
      throw new AppError('conflict', { message: 'the currency is fixed: somebody has paid already' })
    }
    await setSetting(tx, { key: 'site_currency', value: currency, version })
  })
}

/** Whether somebody has paid already, so that the site's currency stays what it is. Admins and the service only. */
export async function isSiteCurrencyFixed(ctx: Ctx): Promise<boolean> {
  requireAdmin(ctx)
  const [paid] = await ctx.db
    .select({ id: orders.id })
    .from(orders)
    .where(sql`${orders.paidAt} IS NOT NULL AND ${orders.paidMinor} > 0`)
    .limit(1)
  return paid !== undefined
}

/** Units of a currency that buy about as much as a dollar; roughly, for a start that the operator changes. */
const UNITS_PER_DOLLAR_OR_SO: Record<string, bigint> = {
  ...{ CNY: 5n, HKD: 5n, TWD: 20n, THB: 20n, INR: 50n, PHP: 50n, RUB: 50n },
  ...{ JPY: 100n, CLP: 500n, KRW: 1_000n, IDR: 10_000n, VND: 20_000n },
}

async function findPackage(ctx: Ctx, id: string): Promise<Package | undefined> {
  const [found] = await ctx.db.select(columns).from(packages).where(eq(packages.id, id))
  return found
}

/** One change at a time, so that the log's "before" is what was really replaced. */
async function lockPackages(ctx: Ctx): Promise<void> {
  await ctx.db.execute(sql`SELECT pg_advisory_xact_lock(hashtextextended('packages', 0))`)
}

type Given = Omit<SetPackageInput, 'id'>

function termsOfNew({ priceMinor, currency, creditsMicros, bonusMicros, position, active }: Given) {
  if (currency === undefined) throw refusal('currency', 'a new package needs a currency')
  if (priceMinor === undefined) throw refusal('priceMinor', 'a new package needs a price')
  if (creditsMicros === undefined) throw refusal('creditsMicros', 'a new package needs credits')
  return {
    priceMinor,
    currency,
    creditsMicros,
    bonusMicros: bonusMicros ?? 0n,
    position: position ?? 0,
    active: active ?? true,
  }
}

async function requireRoom(ctx: Ctx): Promise<void> {
  if ((await ctx.db.$count(packages)) < PACKAGES_MAX) return
  throw refusal('id', `there are ${PACKAGES_MAX} packages already: change one of them`)
}

function refusal(field: string, message: string): AppError {
  return new AppError('invalid_input', { message, params: { field } })
}

function withoutUndefined(given: Given): Partial<Omit<Package, 'id'>> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

function sameTerms(a: Package, b: Package): boolean {
  return (Object.keys(columns) as (keyof Package)[]).every((name) => a[name] === b[name])
}

function summaryOf({ priceMinor, currency, creditsMicros, bonusMicros, position, active }: Package) {
  return {
    price: priceToDecimal(priceMinor, currency),
    currency,
    credits: creditsToDecimal(creditsMicros),
    bonus: creditsToDecimal(bonusMicros),
    position,
    active,
  }
}
