import { eq, sql } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { channelKeys, channels, models, priceVersions } from '#db/schema/index.ts'
import { type Ctx, systemCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { addChannel, getDefaultModel, listModels, listPrices, type ModelSummary, setModel } from '#lib/models/index.ts'
import { setSetting } from '#lib/settings/index.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { pickDefault } from './catalogue.ts'

let database: TestDatabase
let ctx: Ctx

// Prices are never deleted, so each test has a catalogue of its own.
beforeEach(async () => {
  database = await createTestDatabase()
  ctx = systemCtx('test', database.db)
})
afterEach(() => database.close())

const ids = async () => (await listModels(ctx)).map((model) => model.id)
const addVendor = (fields: Partial<Parameters<typeof addChannel>[1]> = {}) =>
  addChannel(ctx, {
    name: `c-${newId()}`,
    vendor: 'test',
    baseUrl: 'https://vendor.example/v1',
    key: 'sk-1234',
    ...fields,
  })

describe('listPrices', () => {
  it('says every price in force of what people can pick, in the same order', async () => {
    await setModel(ctx, {
      id: 'full',
      input: '0.25',
      cached: '0.025',
      cacheWrite: '0.3',
      output: '2',
      reasoningOutput: '3',
      request: '0.01',
      vendor: 'test',
      costInput: '0.2',
    })
    await setModel(ctx, { id: 'plain', input: '1', output: '4', vendor: 'test' })
    await setModel(ctx, { id: 'hidden', input: '1', output: '1', vendor: 'test', visible: false })
    await addVendor()
    const prices = await listPrices(ctx)
    expect(prices.map(({ id }) => id)).toEqual(await ids())
    expect(prices).toMatchObject([
      {
        id: 'full',
        inputMicros: 250_000n,
        cacheReadMicros: 25_000n,
        cacheWriteMicros: 300_000n,
        outputMicros: 2_000_000n,
        reasoningMicros: 3_000_000n,
        requestMicros: 10_000n,
      },
      { id: 'plain', cacheReadMicros: 1_000_000n, reasoningMicros: 4_000_000n, requestMicros: 0n },
    ])
    // What they cost us is nobody else's business.
    expect(JSON.stringify(prices.map((model) => Object.keys(model)))).not.toMatch(/cost/i)
    await setModel(ctx, { id: 'plain', input: '1.5', output: '4', vendor: 'test' })
    expect((await listPrices(ctx))[1]).toMatchObject({ inputMicros: 1_500_000n })
  })
})

describe('listModels', () => {
  it('shows what is visible, priced and reachable', async () => {
    await setModel(ctx, {
      id: 'good',
      input: '0.25',
      output: '2',
      vendor: 'test',
      displayName: 'Good',
      contextTokens: 9_000,
    })
    await setModel(ctx, { id: 'hidden', input: '1', output: '1', vendor: 'test', visible: false })
    await setModel(ctx, { id: 'unreachable', input: '1', output: '1', vendor: 'other' })
    await database.db
      .insert(models)
      .values({ id: 'unpriced', displayName: 'x', vendor: 'test', contextTokens: 1_000, maxOutputTokens: 500 })
    await addVendor()
    expect(await listModels(ctx)).toEqual([
      {
        id: 'good',
        displayName: 'Good',
        vendor: 'test',
        contextTokens: 9_000,
        maxOutputTokens: 8_192,
        inputMicros: '250000',
        outputMicros: '2000000',
        reasoning: false,
        demo: false,
      },
    ])
  })

  it('drops a model when its channel, its last key or its price goes', async () => {
    await setModel(ctx, { id: 'a', input: '1', output: '1', vendor: 'test' })
    const { channelId } = await addVendor()
    expect(await ids()).toEqual(['a'])
    await database.db.update(channels).set({ status: 'disabled' }).where(eq(channels.id, channelId))
    expect(await ids()).toEqual([])
    await database.db.update(channels).set({ status: 'active' }).where(eq(channels.id, channelId))
    await database.db.update(channelKeys).set({ status: 'disabled' }).where(eq(channelKeys.channelId, channelId))
    expect(await ids()).toEqual([])
    await database.db.update(channelKeys).set({ status: 'active' }).where(eq(channelKeys.channelId, channelId))
    expect(await ids()).toEqual(['a'])
    await database.db
      .update(priceVersions)
      .set({ validDuring: sql`tstzrange(lower(valid_during), now())` })
      .where(eq(priceVersions.modelId, 'a'))
    expect(await ids()).toEqual([])
  })
})

describe('getDefaultModel', () => {
  const model = (id: string, fields: Partial<ModelSummary> = {}): ModelSummary => ({
    id,
    displayName: id,
    vendor: 'test',
    contextTokens: 128_000,
    maxOutputTokens: 8_192,
    inputMicros: '1000000',
    outputMicros: '2000000',
    reasoning: false,
    demo: false,
    ...fields,
  })

  it('is the operator’s choice while that can be picked', async () => {
    await setModel(ctx, { id: 'cheap', input: '0.1', output: '0.1', vendor: 'test' })
    await setModel(ctx, { id: 'dear', input: '5', output: '5', vendor: 'test' })
    await addVendor()
    expect((await getDefaultModel(ctx))?.id).toBe('cheap')
    await setSetting(ctx, { key: 'default_model_id', value: 'dear' })
    expect((await getDefaultModel(ctx))?.id).toBe('dear')
    await setModel(ctx, { id: 'dear', input: '5', output: '5', visible: false })
    expect((await getDefaultModel(ctx))?.id).toBe('cheap')
    await setSetting(ctx, { key: 'default_model_id', value: null })
  })

  it('else the cheapest with room for a conversation', () => {
    const tiny = model('tiny', { inputMicros: '1', outputMicros: '1', contextTokens: 4_096 })
    const thinking = model('thinking', { inputMicros: '5', outputMicros: '5', reasoning: true })
    const plain = model('plain', { inputMicros: '4', outputMicros: '6' })
    expect(pickDefault([tiny, model('dear'), thinking, plain], null)?.id).toBe('plain')
    expect(pickDefault([tiny], null)?.id).toBe('tiny')
    expect(pickDefault([], null)).toBeNull()
    expect(pickDefault([], 'gone')).toBeNull()
  })
})
