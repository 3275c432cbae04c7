import { eq, sql } from 'drizzle-orm'
import { ADVISORY_LOCKS } from '#db/advisory-locks.ts'
import { CATALOGUE, type CatalogueModel, DEMO_MODEL, EXCHANGE_RATES } from '#db/catalogue.ts'
import { channelKeys, channels } from '#db/schema/index.ts'
import { insertModels, type SeedModel } from '#db/seed.ts'
import { actorName } from '#lib/audit.ts'
import { decryptSecret } from '#lib/crypto.ts'
import { type Ctx, inTransaction, requireAdmin } from '#lib/ctx.ts'
import { type Env, getEnv } from '#lib/env.ts'
import { newId } from '#lib/id.ts'
import { parseCredits } from '#lib/money.ts'
import { getSettings, setSetting } from '#lib/settings/index.ts'
import { addChannel, addChannelKey, KEY_PURPOSE } from './channels.ts'
import { VENDOR_BASE_URLS, vendorOfBaseUrl } from './vendors.ts'

const RATE_SCALE = 100_000_000n

export type SeedReport = {
  currency: string
  modelsAdded: string[]
  /** False when no exchange rate to the site's currency is known: models then wait for `admin -- model set`. */
  priced: boolean
  channel: 'none' | 'added' | 'key added' | 'unchanged'
}

/**
 * What a fresh database needs to answer: the site's currency, models with prices, and a channel for OPENAI_API_KEY.
 * Repeating it changes nothing that anybody set since.
 */
export async function seedDatabase(ctx: Ctx, env: Env = getEnv()): Promise<SeedReport> {
  requireAdmin(ctx)
  return inTransaction(ctx, async (tx) => {
    // Seeds that run at once wait for each other.
    await tx.db.execute(sql`SELECT pg_advisory_xact_lock(${ADVISORY_LOCKS.seed})`)
    const currency = await seedCurrency(tx, env)
    const { modelsAdded, priced } = await seedModels(tx)
    const channel = await seedChannelFromEnv(tx, env)
    return { currency, modelsAdded, priced, channel }
  })
}

/** Adds the catalogue's models, priced in the site's currency with its markup, and the demo model. */
async function seedModels(ctx: Ctx): Promise<{ modelsAdded: string[]; priced: boolean }> {
  const { site_currency: currency, markup_percent: markup } = await getSettings(ctx)
  const createdBy = actorName(ctx.actor)
  const rows = CATALOGUE.map((model, position): SeedModel => {
    const price = convertPrices(model, currency, markup)
    return { model: { ...limitsOf(model), position }, price: price && { ...price, id: newId(), createdBy } }
  })
  const modelsAdded = await insertModels(ctx.db, [...rows, demoModel(createdBy)])
  return { modelsAdded, priced: currency in EXCHANGE_RATES }
}

/**
 * Makes the channel `openai` from OPENAI_API_KEY and OPENAI_BASE_URL. On a later start a new key is added to it,
 * and one that the vendor had refused is tried again.
 */
async function seedChannelFromEnv(ctx: Ctx, env: Env): Promise<SeedReport['channel']> {
  const key = env.OPENAI_API_KEY?.trim()
  if (!key) return 'none'
  const name = 'openai'
  const [channel] = await ctx.db.select({ id: channels.id }).from(channels).where(eq(channels.name, name))
  if (!channel) {
    const baseUrl = env.OPENAI_BASE_URL ?? VENDOR_BASE_URLS.openai![0]!
    await addChannel(ctx, { name, vendor: vendorOfBaseUrl(baseUrl) ?? 'openai', baseUrl, key })
    return 'added'
  }
  const { ENCRYPTION_KEY } = getEnv()
  const keys = await ctx.db.select().from(channelKeys).where(eq(channelKeys.channelId, channel.id))
  const known = keys.find((row) => decryptSecret(row.keySealed, ENCRYPTION_KEY, KEY_PURPOSE) === key)
  if (!known) {
    await addChannelKey(ctx, channel.id, key)
    return 'key added'
  }
  if (known.status === 'refused') {
    await ctx.db.update(channelKeys).set({ status: 'active' }).where(eq(channelKeys.id, known.id))
  }
  return 'unchanged'
}

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

async function seedCurrency(ctx: Ctx, env: Env): Promise<string> {
  const { rows } = await ctx.db.execute(sql`SELECT 1 FROM settings WHERE key = 'site_currency'`)
  if (rows.length === 0) await setSetting(ctx, { key: 'site_currency', value: env.SITE_CURRENCY })
  return (await getSettings(ctx)).site_currency
}

function limitsOf(model: CatalogueModel) {
  const { price: _price, source: _source, ...limits } = model
  return limits
}

function demoModel(createdBy: string): SeedModel {
  const { inputMicros, outputMicros, ...limits } = DEMO_MODEL
  const free = {
    costInputMicros: 0n,
    costCacheReadMicros: 0n,
    costCacheWriteMicros: 0n,
    costOutputMicros: 0n,
    costReasoningMicros: 0n,
  }
  const price = {
    inputMicros,
    cacheReadMicros: inputMicros,
    cacheWriteMicros: inputMicros,
    outputMicros,
    reasoningMicros: outputMicros,
    ...free,
  }
  return { model: { ...limits, position: CATALOGUE.length }, price: { ...price, id: newId(), createdBy } }
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
