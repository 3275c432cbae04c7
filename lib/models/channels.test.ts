import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { auditEntries, channelKeys, channelModels, channels } from '#db/schema/index.ts'
import { decryptSecret } from '#lib/crypto.ts'
import { type Ctx, systemCtx, type UserCtx } from '#lib/ctx.ts'
import { getEnv } from '#lib/env.ts'
import { newId } from '#lib/id.ts'
import { addChannel, listChannels, listRoutes, markKey, setModel } from '#lib/models/index.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { KEY_PURPOSE } from './channel-fields.ts'
import { orderRoutes } from './routes.ts'

let database: TestDatabase
let ctx: Ctx
const KEY = 'sk-very-secret-key-9876'
const valid = { vendor: 'test', baseUrl: 'https://vendor.example/v1/', key: KEY }

beforeAll(async () => {
  database = await createTestDatabase()
  ctx = systemCtx('test', database.db)
  await setModel(ctx, { id: 'one', input: '1', output: '1', vendor: 'test' })
  await setModel(ctx, { id: 'two', input: '1', output: '1', vendor: 'test' })
  await setModel(ctx, { id: 'three', input: '1', output: '1', vendor: 'other' })
})
afterAll(() => database.close())

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'done',
    (error: { code: string }) => error.code,
  )
const counts = async () => [
  (await database.db.select().from(channels)).length,
  (await database.db.select().from(channelKeys)).length,
  (await database.db.select().from(channelModels)).length,
]

describe('addChannel', () => {
  it('keeps the key and the proxy encrypted, and shows neither', async () => {
    const { channelId, modelIds } = await addChannel(ctx, {
      ...valid,
      name: 'mine',
      proxy: 'http://user:hidden@proxy.example:8080',
    })
    expect(modelIds.sort()).toEqual(['one', 'two'])
    const listed = await listChannels(ctx)
    expect(listed).toMatchObject([
      {
        id: channelId,
        name: 'mine',
        baseUrl: 'https://vendor.example/v1',
        hasProxy: true,
        keys: [{ hint: '9876', status: 'active' }],
        modelIds: ['one', 'two'],
      },
    ])
    const rows = await database.db.select().from(channels)
    const keys = await database.db.select().from(channelKeys)
    const audits = await database.db.select().from(auditEntries)
    for (const seen of [
      listed,
      rows,
      keys.map((key) => ({ ...key, text: key.keySealed.toString('latin1') })),
      audits,
    ]) {
      expect(JSON.stringify(seen)).not.toMatch(/very-secret|hidden@/)
    }
    expect(decryptSecret(keys[0]!.keySealed, getEnv().ENCRYPTION_KEY, KEY_PURPOSE)).toBe(KEY)
  })

  it('links the models it is told, by the vendor’s names', async () => {
    await addChannel(ctx, { ...valid, name: 'named', models: ['one=vendor/one', 'three'] })
    const channel = (await listChannels(ctx)).find(({ name }) => name === 'named')!
    const links = (await database.db.select().from(channelModels)).filter((link) => link.channelId === channel.id)
    expect(links.map(({ modelId, vendorModel }) => [modelId, vendorModel]).sort()).toEqual([
      ['one', 'vendor/one'],
      ['three', 'three'],
    ])
  })

  it('refuses what cannot be, and changes nothing', async () => {
    const before = await counts()
    const bad = (fields: object) => codeOf(addChannel(ctx, { ...valid, name: 'bad', ...fields } as never))
    expect(await bad({ name: 'mine' })).toBe('name_taken')
    expect(await bad({ models: ['one', 'nothing'] })).toBe('model_unknown')
    expect(await bad({ name: ' ' })).toBe('invalid_input')
    expect(await bad({ baseUrl: 'ftp://vendor.example' })).toBe('invalid_input')
    expect(await bad({ baseUrl: 'https://user:pass@vendor.example/v1' })).toBe('invalid_input')
    expect(await bad({ baseUrl: 'https://vendor.example/v1?key=1' })).toBe('invalid_input')
    expect(await bad({ key: '' })).toBe('invalid_input')
    expect(await bad({ key: 'two words' })).toBe('invalid_input')
    expect(await bad({ key: 'bröken' })).toBe('invalid_input')
    expect(await bad({ proxy: 'socks5://proxy.example' })).toBe('invalid_input')
    expect(await counts()).toEqual(before)
  })

  it('is the operator’s alone', async () => {
    const person: UserCtx = {
      db: database.db,
      actor: { type: 'user', userId: newId(), role: 'user', sessionId: newId() },
    }
    const before = await counts()
    expect(await codeOf(addChannel(person, { ...valid, name: 'theirs' }))).toBe('forbidden')
    expect(await codeOf(listChannels(person))).toBe('forbidden')
    expect(await codeOf(addChannel({ ...person, actor: { type: 'anonymous' } }, { ...valid, name: 'theirs' }))).toBe(
      'unauthenticated',
    )
    expect(await counts()).toEqual(before)
  })
})

describe('routes', () => {
  it('carry what a call needs; a refused key says so, a disabled one is gone', async () => {
    const routes = await listRoutes(ctx, 'three')
    expect(routes).toMatchObject([
      { vendor: 'test', baseUrl: 'https://vendor.example/v1', vendorModel: 'three', key: KEY, proxyUrl: null },
    ])
    const keyId = routes[0]!.keyId!
    await markKey(ctx, { keyId, status: 'refused', httpStatus: 401 })
    expect(await listRoutes(ctx, 'three')).toMatchObject([{ keyId, keyStatus: 'refused' }])
    await database.db.update(channelKeys).set({ status: 'disabled' }).where(eq(channelKeys.id, keyId))
    await markKey(ctx, { keyId, status: 'active' })
    expect(await listRoutes(ctx, 'three')).toEqual([])
    expect((await listRoutes(ctx, 'two'))[0]).toMatchObject({ proxyUrl: 'http://user:hidden@proxy.example:8080' })
    expect(await listRoutes(ctx, 'demo')).toEqual([])
  })

  it('goes without a key that does not open, and with the others', async () => {
    await setModel(ctx, { id: 'four', input: '1', output: '1', vendor: 'fourth' })
    const [damaged, sound] = ['damaged', 'sound'].map((name) => ({ ...valid, name: `four-${name}`, vendor: 'fourth' }))
    const { channelId } = await addChannel(ctx, damaged!)
    await addChannel(ctx, sound!)
    await database.db
      .update(channelKeys)
      .set({ keySealed: Buffer.alloc(40, 1) })
      .where(eq(channelKeys.channelId, channelId))
    expect(await listRoutes(ctx, 'four')).toMatchObject([{ key: KEY }])
  })

  it('go by priority, then by weight', () => {
    const rows = [
      { channelId: 'refused', keyStatus: 'refused', priority: 9, weight: 100 },
      { channelId: 'low', keyStatus: 'active', priority: 0, weight: 100 },
      { channelId: 'heavy', keyStatus: 'active', priority: 5, weight: 3 },
      { channelId: 'light', keyStatus: 'active', priority: 5, weight: 1 },
    ]
    // A generator with a fixed seed (mulberry32), so that the shares are the same in every run.
    let state = 1
    const random = () => {
      state = (state + 0x6d2b79f5) | 0
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
    }
    let heavyFirst = 0
    for (let times = 0; times < 2_000; times++) {
      const order = orderRoutes(rows, random).map((row) => row.channelId)
      expect(order.slice(2)).toEqual(['low', 'refused'])
      if (order[0] === 'heavy') heavyFirst++
    }
    expect(heavyFirst / 2_000).toBeGreaterThan(0.72)
    expect(heavyFirst / 2_000).toBeLessThan(0.78)
  })
})
