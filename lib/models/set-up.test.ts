import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { auditEntries, channelKeys, channelModels, channels, models, priceVersions } from '#db/schema/index.ts'
import { systemCtx, type UserCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import {
  addChannelModels,
  addChannelModelsInput,
  getChannel,
  getOperatedModel,
  listChannels,
  matchModels,
  setModel,
  setUpChannel,
  setUpChannelInput,
} from '#lib/models/index.ts'
import { setSetting } from '#lib/settings/index.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'

let database: TestDatabase
let ctx: UserCtx
let person: UserCtx

beforeAll(async () => {
  database = await createTestDatabase()
  const as = (role: 'admin' | 'user'): UserCtx => ({
    db: database.db,
    actor: { type: 'user', userId: newId(), role, sessionId: newId() },
  })
  ctx = as('admin')
  person = as('user')
  await setSetting(ctx, { key: 'markup_percent', value: 50 })
  await setModel(systemCtx('test', database.db), { id: 'ours', input: '7', output: '9', vendor: 'test' })
  await database.db
    .insert(models)
    .values({ id: 'bare', displayName: 'Bare', vendor: 'test', contextTokens: 1_000, maxOutputTokens: 500 })
})
afterAll(() => database.close())

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error: { code: string }) => error.code,
  )
const counts = async () =>
  Promise.all(
    [channels, channelKeys, channelModels, models, priceVersions].map(
      async (table) => (await database.db.select().from(table)).length,
    ),
  )
const setUp = (fields: object = {}) =>
  setUpChannelInput.parse({
    vendor: 'test',
    baseUrl: 'https://vendor.example/v1',
    key: 'sk-planted-0123456789',
    models: [],
    ...fields,
  })
const byHand = (fields: object = {}) => ({
  from: 'hand',
  vendorModel: 'vendor/new',
  model: { id: 'new-one', input: '2', output: '4', costInput: '1', costOutput: '2', ...fields },
})

describe('matchModels', () => {
  it('knows ours, prices what the catalogue has with the markup, and asks for the rest', async () => {
    const found = await matchModels(ctx, {
      vendorModels: [
        'zzz-new',
        'text-embedding-9',
        'models/gpt-6-luna',
        'ours',
        'bare',
        'ours',
        'ours!',
        'gpt-image-9',
      ],
    })
    expect(found.map(({ modelId, from, isChat }) => [modelId, from, isChat])).toEqual([
      ['gpt-6-luna', 'catalogue', true],
      ['ours', 'known', true],
      ['bare', 'hand', true],
      ['ours-', 'hand', true],
      ['zzz-new', 'hand', true],
      ['gpt-image-9', 'hand', false],
      ['text-embedding-9', 'hand', false],
    ])
    expect(found[0]).toMatchObject({
      vendorModel: 'models/gpt-6-luna',
      displayName: 'GPT-6 Luna',
      reasoning: true,
      price: { inputMicros: 150_000n, outputMicros: 750_000n, costInputMicros: 100_000n, costOutputMicros: 500_000n },
    })
    expect(found[1]!.price).toMatchObject({ inputMicros: 7_000_000n })
    expect(found[2]!.price).toBeNull()
    expect(await matchModels(ctx, { vendorModels: [] })).toEqual([])
    expect(await codeOf(matchModels(person, { vendorModels: [] }))).toBe('forbidden')
  })
})

describe('setUpChannel', () => {
  it('makes a channel with its models in one go', async () => {
    const { channelId, modelIds } = await setUpChannel(
      ctx,
      setUp({
        models: [
          { from: 'known', vendorModel: 'their-ours', modelId: 'ours' },
          { from: 'catalogue', vendorModel: 'models/gpt-6-luna', modelId: 'gpt-6-luna' },
          byHand(),
          { ...byHand({ id: 'bare' }), vendorModel: 'bare' },
        ],
      }),
    )
    expect(modelIds).toEqual(['ours', 'gpt-6-luna', 'new-one', 'bare'])
    expect((await listChannels(ctx)).find(({ id }) => id === channelId)).toMatchObject({
      name: 'test',
      vendorModels: { ours: 'their-ours', 'gpt-6-luna': 'models/gpt-6-luna', 'new-one': 'vendor/new' },
    })
    expect(await getOperatedModel(ctx, { modelId: 'gpt-6-luna' })).toMatchObject({
      reachable: true,
      price: { inputMicros: 150_000n },
      vendor: 'openai',
    })
    expect(await getOperatedModel(ctx, { modelId: 'new-one' })).toMatchObject({
      vendor: 'test',
      price: { outputMicros: 4_000_000n },
    })
    expect(await getOperatedModel(ctx, { modelId: 'bare' })).toMatchObject({
      displayName: 'Bare',
      price: { inputMicros: 2_000_000n },
    })
    const added = await database.db.select().from(auditEntries).where(eq(auditEntries.action, 'model.add'))
    const byActor = added.filter(({ actorId }) => actorId === ctx.actor.userId)
    expect(byActor.map(({ subjectId }) => subjectId)).toEqual(['gpt-6-luna', 'new-one'])
    expect(byActor[0]?.after).toMatchObject({ input: '0.15', priceVersionId: expect.any(String) })
  })

  it('keeps the price of what is priced here, and finds a name that is free', async () => {
    await setUpChannel(
      ctx,
      setUp({
        models: [
          { ...byHand({ id: 'ours', input: '99' }), vendorModel: 'ours' },
          { from: 'catalogue', vendorModel: 'gpt-6-luna', modelId: 'gpt-6-luna' },
        ],
      }),
    )
    expect((await listChannels(ctx)).map(({ name }) => name)).toEqual(['test', 'test 2'])
    expect((await getOperatedModel(ctx, { modelId: 'ours' })).price!.inputMicros).toBe(7_000_000n)
  })

  it('is all or nothing', async () => {
    const before = await counts()
    const catalogue = { from: 'catalogue', vendorModel: 'x', modelId: 'gpt-6-sol' }
    expect(await codeOf(setUpChannel(ctx, setUp({ name: 'test', models: [catalogue] })))).toBe('name_taken')
    expect(await codeOf(setUpChannel(ctx, setUp({ models: [catalogue, { ...catalogue, modelId: 'nothing' }] })))).toBe(
      'model_unknown',
    )
    expect(
      await codeOf(setUpChannel(ctx, setUp({ models: [catalogue, { ...catalogue, from: 'known', modelId: 'no' }] }))),
    ).toBe('model_unknown')
    expect(
      await codeOf(setUpChannel(ctx, setUp({ models: [catalogue, byHand({ id: 'loss', costOutput: '5' })] }))),
    ).toBe('price_below_cost')
    expect(await codeOf(setUpChannel(ctx, setUp({ baseUrl: 'http://127.0.0.1:1', models: [catalogue] })))).toBe(
      'address_private',
    )
    expect(await codeOf(setUpChannel(person, setUp({ models: [catalogue] })))).toBe('forbidden')
    expect(setUpChannelInput.safeParse({ ...setUp(), models: [byHand({ input: '-1' })] }).success).toBe(false)
    expect(
      setUpChannelInput.safeParse({ ...setUp(), models: [{ ...catalogue, vendorModel: 'two words' }] }).success,
    ).toBe(false)
    expect(await counts()).toEqual(before)
  })
})

describe('addChannelModels', () => {
  it('adds to what a channel carries, all or nothing', async () => {
    const { channelId } = await setUpChannel(
      ctx,
      setUp({ models: [{ from: 'known', vendorModel: 'ours', modelId: 'ours' }] }),
    )
    const add = (models: object[]) => addChannelModelsInput.parse({ channelId, models })
    const more = [
      { from: 'known', vendorModel: 'ours', modelId: 'ours' },
      { from: 'catalogue', vendorModel: 'gpt-6-sol', modelId: 'gpt-6-sol' },
      byHand({ id: 'another' }),
    ]
    await addChannelModels(ctx, add(more))
    await addChannelModels(ctx, add(more))
    expect((await getChannel(ctx, { channelId })).modelIds).toEqual(['another', 'gpt-6-sol', 'ours'])
    const before = await counts()
    const deepseek = { from: 'catalogue', vendorModel: 'x', modelId: 'deepseek-flash' }
    expect(await codeOf(addChannelModels(ctx, add([deepseek, byHand({ id: 'loss', input: '0' })])))).toBe(
      'price_below_cost',
    )
    expect(await codeOf(addChannelModels(person, add([deepseek])))).toBe('forbidden')
    expect(await codeOf(addChannelModels(ctx, { ...add([deepseek]), channelId: newId() }))).toBe('not_found')
    expect(await counts()).toEqual(before)
  })
})
