import { eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { models, priceVersions } from '#db/schema/index.ts'
import { type Ctx, systemCtx, type UserCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { addChannel, listChannels, setModel } from '#lib/models/index.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'

let database: TestDatabase
let ctx: Ctx
beforeAll(async () => {
  database = await createTestDatabase()
  ctx = systemCtx('test', database.db)
})
afterAll(() => database.close())

const versionsOf = (id: string) =>
  database.db.select().from(priceVersions).where(eq(priceVersions.modelId, id)).orderBy(sql`lower(valid_during)`)
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'done',
    (error: { code: string }) => error.code,
  )

describe('setModel', () => {
  it('makes a model with sensible limits and exact prices', async () => {
    await setModel(ctx, {
      id: 'vendor/new-model',
      input: '0.05',
      cached: '0.005',
      output: '1.25',
      costInput: '0.04',
      costOutput: '1',
    })
    const [model] = await database.db.select().from(models).where(eq(models.id, 'vendor/new-model'))
    expect(model).toMatchObject({
      displayName: 'vendor/new-model',
      contextTokens: 128_000,
      maxOutputTokens: 8_192,
      minOutput: 256,
    })
    expect(await versionsOf('vendor/new-model')).toMatchObject([
      {
        inputMicros: 50_000n,
        cacheReadMicros: 5_000n,
        cacheWriteMicros: 50_000n,
        outputMicros: 1_250_000n,
        reasoningMicros: 1_250_000n,
        requestMicros: 0n,
        costInputMicros: 40_000n,
        costCacheReadMicros: 40_000n,
        costOutputMicros: 1_000_000n,
        costReasoningMicros: 1_000_000n,
        createdBy: 'system:test',
      },
    ])
  })

  it('changes the price from now on, and keeps what it was', async () => {
    await setModel(ctx, { id: 'moving', input: '1', output: '2', costInput: '0.5', costOutput: '1' })
    await setModel(ctx, { id: 'moving', input: '3', output: '4' })
    const versions = await versionsOf('moving')
    expect(versions.map((version) => version.inputMicros)).toEqual([1_000_000n, 3_000_000n])
    // What it costs us was not said again: it stays.
    expect(versions[1]).toMatchObject({ costInputMicros: 500_000n, costOutputMicros: 1_000_000n })
    const inForce = await database.db.execute(
      sql`SELECT count(*)::int AS n FROM price_versions WHERE model_id = 'moving' AND valid_during @> now()`,
    )
    expect(inForce.rows[0]).toEqual({ n: 1 })
  })

  it('makes no version for the same price, whatever else it changes', async () => {
    await setModel(ctx, { id: 'same', input: '1', output: '2' })
    await setModel(ctx, { id: 'same', input: '1.0', output: '2.000', displayName: 'Same', maxOutputTokens: 100 })
    expect(await versionsOf('same')).toHaveLength(1)
    const [model] = await database.db.select().from(models).where(eq(models.id, 'same'))
    expect(model).toMatchObject({ displayName: 'Same', maxOutputTokens: 100, minOutput: 100 })
  })

  it('keeps limits that fit each other, so that the admin’s form can save them', async () => {
    const limitsOf = async (id: string) => {
      const [model] = await database.db.select().from(models).where(eq(models.id, id))
      return [model?.contextTokens, model?.maxOutputTokens, model?.defaultMaxOutput, model?.minOutput]
    }
    await setModel(ctx, { id: 'short', input: '1', output: '2', maxOutputTokens: 4_096 })
    expect(await limitsOf('short')).toEqual([128_000, 4_096, 4_096, 256])
    await setModel(ctx, { id: 'short', input: '1', output: '2', contextTokens: 200 })
    expect(await limitsOf('short')).toEqual([200, 200, 200, 200])
    await setModel(ctx, { id: 'narrow', input: '1', output: '2', contextTokens: 4_000 })
    expect(await limitsOf('narrow')).toEqual([4_000, 4_000, 4_000, 256])
    await expect(
      setModel(ctx, { id: 'wrong', input: '1', output: '2', contextTokens: 4_000, maxOutputTokens: 4_001 }),
    ).rejects.toMatchObject({ code: 'invalid_input' })
  })

  it('changes twice within one transaction, and concurrently, without a gap or an overlap', async () => {
    await database.db.transaction(async (tx) => {
      await setModel({ ...ctx, db: tx }, { id: 'twice', input: '1', output: '1' })
      await setModel({ ...ctx, db: tx }, { id: 'twice', input: '2', output: '2' })
    })
    await Promise.all(['3', '4', '5', '6'].map((price) => setModel(ctx, { id: 'twice', input: price, output: price })))
    const gaps = await database.db.execute(sql`
      SELECT count(*)::int AS n FROM (
        SELECT upper(valid_during) AS ends, lead(lower(valid_during)) OVER (ORDER BY lower(valid_during)) AS next
        FROM price_versions WHERE model_id = 'twice'
      ) v WHERE next IS NOT NULL AND ends IS DISTINCT FROM next`)
    expect(gaps.rows[0]).toEqual({ n: 0 })
    expect(await versionsOf('twice')).toHaveLength(6)
  })

  it('puts it on a channel', async () => {
    await addChannel(ctx, { name: 'there', vendor: 'test', baseUrl: 'https://vendor.example', key: 'k', models: [] })
    await setModel(ctx, { id: 'carried', input: '1', output: '1', channel: 'there' })
    await setModel(ctx, { id: 'carried', input: '1', output: '1', channel: 'there', vendorModel: 'their-name' })
    expect((await listChannels(ctx))[0]).toMatchObject({ name: 'there', modelIds: ['carried'] })
    expect((await database.db.select().from(models).where(eq(models.id, 'carried')))[0]!.vendor).toBe('test')
  })

  it('refuses what cannot be, and changes nothing', async () => {
    const before = (await database.db.select().from(priceVersions)).length
    const bad = (fields: object) => codeOf(setModel(ctx, { id: 'bad', input: '1', output: '1', ...fields } as never))
    for (const price of ['-1', 'NaN', '1e3', '0.0000001', '', 'Infinity', '1,5'])
      expect(await bad({ input: price })).toBe('invalid_input')
    expect(await bad({ id: 'two words' })).toBe('invalid_input')
    expect(await bad({ contextTokens: 0 })).toBe('invalid_input')
    expect(await bad({ channel: 'nowhere' })).toBe('not_found')
    const person: UserCtx = {
      db: database.db,
      actor: { type: 'user', userId: newId(), role: 'user', sessionId: newId() },
    }
    expect(await codeOf(setModel(person, { id: 'bad', input: '1', output: '1' }))).toBe('forbidden')
    expect((await database.db.select().from(priceVersions)).length).toBe(before)
    expect(await database.db.select().from(models).where(eq(models.id, 'bad'))).toEqual([])
  })
})

it('the database itself refuses prices that overlap or are negative', async () => {
  await setModel(ctx, { id: 'guarded', input: '1', output: '1' })
  const [version] = await versionsOf('guarded')
  const twin = { ...version!, id: newId(), validDuring: sql`tstzrange(now(), NULL)` }
  await expect(database.db.insert(priceVersions).values(twin)).rejects.toThrow()
  await expect(
    database.db.update(priceVersions).set({ inputMicros: -1n }).where(eq(priceVersions.id, version!.id)),
  ).rejects.toThrow()
})
