import { getSignUpCredit } from '#lib/auth/index.ts'
import { type Ctx, getDatabase } from '#lib/ctx.ts'
import { listPrices, type ModelPrices } from '#lib/models/index.ts'
import { listPackages, listPaymentMethods, type Package } from '#lib/payments/index.ts'
import { remember } from '#lib/remember.ts'
import { getSettings, getSite, type Site } from '#lib/settings/index.ts'
import { singleton } from '#lib/singleton.ts'

/** What the public pages say. */
export type FrontFacts = {
  site: Site
  models: readonly ModelPrices[]
  currency: string
  isOpen: boolean
  /** What an account starts with that somebody makes now, in micro-credits. */
  signUpMicros: bigint
  /** What can be bought now; empty while nobody can pay. */
  packages: readonly Package[]
  terms: string | null
  privacy: string | null
  registrationNumber: string | null
}

const FRESH_MS = 2_000

/** What is true for everybody, at most two seconds old: however many come, the database is asked once in that time. */
export function getFrontFacts(): Promise<FrontFacts> {
  return singleton('front-facts', () => remember(FRESH_MS, loadFacts))()
}

async function loadFacts(): Promise<FrontFacts> {
  const ctx: Ctx = { db: getDatabase(), actor: { type: 'anonymous' } }
  const [site, settings, models, signUpMicros, packages, methods] = await Promise.all([
    getSite(ctx),
    getSettings(ctx),
    listPrices(ctx),
    getSignUpCredit(ctx),
    listPackages(ctx),
    listPaymentMethods(ctx),
  ])
  return {
    site,
    models,
    currency: settings.site_currency,
    isOpen: settings.registration === 'open',
    signUpMicros,
    packages: methods.length > 0 ? packages : [],
    terms: settings.terms,
    privacy: settings.privacy,
    registrationNumber: settings.registration_number,
  }
}
