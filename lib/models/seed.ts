import { eq, sql } from 'drizzle-orm'
import { ADVISORY_LOCKS } from '#db/advisory-locks.ts'
import { CATALOGUE, DEMO_MODEL, EXCHANGE_RATES } from '#db/catalogue.ts'
import { channelKeys, channels } from '#db/schema/index.ts'
import { insertModels, type SeedModel } from '#db/seed.ts'
import { actorName } from '#lib/audit.ts'
import { decryptSecret } from '#lib/crypto.ts'
import { type Ctx, inTransaction, requireAdmin } from '#lib/ctx.ts'
import { type Env, getEnv } from '#lib/env.ts'
import { newId } from '#lib/id.ts'
import { getSettings, setSetting } from '#lib/settings/index.ts'
import { convertPrices, limitsOf } from './catalogue-prices.ts'
import { KEY_PURPOSE } from './channel-fields.ts'
import { insertKey } from './channel-keys.ts'
import { addChannel } from './channels.ts'
import { vendorOfBaseUrl } from './vendors.ts'

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
    const baseUrl = env.OPENAI_BASE_URL ?? 'https://api.openai.com/v1'
    // What stands in the process's environment is the operator's own word.
    const ownNetwork = env.OPENAI_BASE_URL !== undefined
    await addChannel(ctx, { name, vendor: vendorOfBaseUrl(baseUrl) ?? 'openai', baseUrl, key, ownNetwork })
    return 'added'
  }
  const { ENCRYPTION_KEY } = getEnv()
  const keys = await ctx.db.select().from(channelKeys).where(eq(channelKeys.channelId, channel.id))
  const known = keys.find((row) => decryptSecret(row.keySealed, ENCRYPTION_KEY, KEY_PURPOSE) === key)
  if (!known) {
    await insertKey(ctx, channel.id, key)
    return 'key added'
  }
  if (known.status === 'refused') {
    await ctx.db
      .update(channelKeys)
      .set({ status: 'active', refusedAt: null, refusedStatus: null })
      .where(eq(channelKeys.id, known.id))
  }
  return 'unchanged'
}

async function seedCurrency(ctx: Ctx, env: Env): Promise<string> {
  const { rows } = await ctx.db.execute(sql`SELECT 1 FROM settings WHERE key = 'site_currency'`)
  if (rows.length === 0) await setSetting(ctx, { key: 'site_currency', value: env.SITE_CURRENCY })
  return (await getSettings(ctx)).site_currency
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
