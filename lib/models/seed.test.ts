import { eq, sql } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CATALOGUE } from '#db/catalogue.ts'
import { channelKeys, channelModels, channels, models, priceVersions } from '#db/schema/index.ts'
import { type Ctx, systemCtx } from '#lib/ctx.ts'
import { type Env, getEnv } from '#lib/env.ts'
import { getDefaultModel, listModels, listRoutes, seedDatabase, setModel } from '#lib/models/index.ts'
import { getSetting, setSetting } from '#lib/settings/index.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { convertPrices } from './catalogue-prices.ts'

let database: TestDatabase
let ctx: Ctx
beforeEach(async () => {
  database = await createTestDatabase()
  ctx = systemCtx('seed', database.db)
})
afterEach(() => database.close())

const env = (fields: Partial<Env> = {}): Env => ({ ...getEnv(), ...fields })
const everything = async () => [
  await database.db.select().from(models),
  await database.db.select().from(priceVersions),
  await database.db.select().from(channels),
  await database.db.select().from(channelKeys),
  await database.db.select().from(channelModels),
  (await database.db.execute(sql`SELECT * FROM settings`)).rows,
]

describe('seedDatabase', () => {
  it('with a key makes gpt models that can be called at once, the cheapest by default', async () => {
    const report = await seedDatabase(ctx, env({ OPENAI_API_KEY: 'sk-real' }))
    expect(report).toMatchObject({ currency: 'USD', priced: true, channel: 'added' })
    expect(report.modelsAdded).toHaveLength(CATALOGUE.length + 1)
    const listed = await listModels(ctx)
    expect(listed.length).toBeGreaterThanOrEqual(3)
    expect(listed.every((model) => model.vendor === 'openai' && !model.demo)).toBe(true)
    expect((await getDefaultModel(ctx))?.id).toBe('gpt-6-luna')
    expect((await listRoutes(ctx, 'gpt-6-luna'))[0]).toMatchObject({
      baseUrl: 'https://api.openai.com/v1',
      key: 'sk-real',
    })
  })

  it('changes nothing when it runs again', async () => {
    await seedDatabase(ctx, env({ OPENAI_API_KEY: 'sk-real' }))
    const before = await everything()
    expect(await seedDatabase(ctx, env({ OPENAI_API_KEY: 'sk-real', SITE_CURRENCY: 'CNY' }))).toMatchObject({
      currency: 'USD',
      channel: 'unchanged',
    })
    expect(await everything()).toEqual(before)
  })

  it('leaves what the operator changed', async () => {
    await seedDatabase(ctx, env())
    await setModel(ctx, { id: 'gpt-6-luna', input: '9', output: '9', displayName: 'Ours', visible: false })
    const before = await everything()
    await seedDatabase(ctx, env())
    expect(await everything()).toEqual(before)
  })

  it('runs at the same time as another without doubling anything', async () => {
    await Promise.all([1, 2, 3].map(() => seedDatabase(ctx, env({ OPENAI_API_KEY: 'sk-real' }))))
    expect(await database.db.select().from(priceVersions)).toHaveLength(CATALOGUE.length + 1)
    expect(await database.db.select().from(channelKeys)).toHaveLength(1)
  })

  it('takes a new key beside the old, and tries a refused one again as if it never had been', async () => {
    await seedDatabase(ctx, env({ OPENAI_API_KEY: 'sk-old' }))
    expect(await seedDatabase(ctx, env({ OPENAI_API_KEY: 'sk-new' }))).toMatchObject({ channel: 'key added' })
    await database.db.update(channelKeys).set({ status: 'refused' }).where(eq(channelKeys.status, 'active'))
    await seedDatabase(ctx, env({ OPENAI_API_KEY: 'sk-new' }))
    expect((await listRoutes(ctx, 'gpt-6-luna')).map(({ key, keyStatus }) => [key, keyStatus])).toEqual([
      ['sk-new', 'active'],
      ['sk-old', 'refused'],
    ])
  })

  it('knows other vendors by their base URL, and takes a strange one for OpenAI’s likeness', async () => {
    await seedDatabase(ctx, env({ OPENAI_API_KEY: 'sk-real', OPENAI_BASE_URL: 'https://api.deepseek.com/v1' }))
    expect((await listModels(ctx)).map((model) => model.vendor)).toEqual(['deepseek', 'deepseek'])
    await database.db.delete(channels).where(eq(channels.name, 'openai'))
    await seedDatabase(ctx, env({ OPENAI_API_KEY: 'sk-real', OPENAI_BASE_URL: 'https://gateway.example/v1' }))
    expect((await listModels(ctx)).every((model) => model.vendor === 'openai')).toBe(true)
  })

  it('prices in the site’s currency, with its markup', async () => {
    await setSetting(ctx, { key: 'markup_percent', value: 50 })
    await seedDatabase(ctx, env({ SITE_CURRENCY: 'CNY' }))
    expect(await getSetting(ctx, 'site_currency')).toBe('CNY')
    const [version] = await database.db.select().from(priceVersions).where(eq(priceVersions.modelId, 'gpt-6-sol'))
    // $2 at 6.7686 yuan, and half of that on top.
    expect(version).toMatchObject({
      costInputMicros: 13_537_200n,
      inputMicros: 20_305_800n,
      sourceCurrency: 'USD',
      exchangeRate: '6.76860000',
    })
    expect(version!.sourceUrl).toMatch(/^https:/)
  })

  it('without a rate makes models that wait for a price', async () => {
    expect(await seedDatabase(ctx, env({ SITE_CURRENCY: 'EUR' }))).toMatchObject({ currency: 'EUR', priced: false })
    expect((await database.db.select().from(priceVersions)).map((version) => version.modelId)).toEqual(['demo'])
  })
})

describe('the catalogue', () => {
  it('is whole: limits, prices, sources and dates of about ten models of four vendors', () => {
    expect(CATALOGUE.length).toBeGreaterThanOrEqual(9)
    expect(new Set(CATALOGUE.map((model) => model.vendor))).toEqual(new Set(['openai', 'deepseek', 'qwen', 'ernie']))
    for (const model of CATALOGUE) {
      const prices = convertPrices(model, 'USD', 20)!
      expect(prices.inputMicros).toBeGreaterThan(prices.costInputMicros)
      expect(prices.outputMicros).toBeGreaterThan(prices.costOutputMicros)
      expect(prices.cacheReadMicros).toBeLessThanOrEqual(prices.inputMicros)
      expect(model.source.url).toMatch(/^https:\/\//)
      expect(model.source.date).toMatch(/^202[56]-\d\d-\d\d$/)
      expect(model.minOutput).toBeLessThan(model.maxOutputTokens)
    }
  })

  it('rounds a conversion up, once', () => {
    const model = {
      price: { currency: 'CNY', input: '0.000001', output: '3.2' },
      source: { url: 'https://x', date: '2026-01-01' },
    } as const
    expect(convertPrices(model, 'USD', 0)).toMatchObject({
      costInputMicros: 1n,
      costOutputMicros: 472_772n,
      inputMicros: 1n,
    })
    expect(convertPrices(model, 'XXX', 0)).toBeNull()
  })
})
