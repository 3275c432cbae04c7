import { eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { auditEntries, usageRecords } from '#db/schema/index.ts'
import { systemCtx, type UserCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import {
  findChannelModels,
  findVendorModels,
  findVendorModelsInput,
  testChannel,
  testChannelInput,
} from '#lib/inference/index.ts'
import { addChannel, addKey, getChannel, listRoutes, setKeyStatus, setModel } from '#lib/models/index.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import {
  answers,
  type Behavior,
  type FakeVendor,
  sends,
  startFakeVendor,
  VENDOR_WORDS,
} from '#tests/support/fake-vendor.ts'

let database: TestDatabase
let vendor: FakeVendor
let ctx: UserCtx
let person: UserCtx
const KEY = 'sk-planted-key-0123456789abcdef'

beforeAll(async () => {
  database = await createTestDatabase()
  vendor = await startFakeVendor()
  const as = (role: 'admin' | 'user'): UserCtx => ({
    db: database.db,
    actor: { type: 'user', userId: newId(), role, sessionId: newId() },
  })
  ctx = as('admin')
  person = as('user')
  const priced = { output: '8', costInput: '1', vendor: 'test' }
  await setModel(systemCtx('test', database.db), { id: 'cheap', input: '2', costOutput: '4', ...priced })
  await setModel(systemCtx('test', database.db), { id: 'dear', input: '2', costOutput: '400', ...priced })
})
beforeEach(() => vendor.setBehavior('answer'))
afterAll(async () => {
  await vendor.close()
  await database.close()
})

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error: { code: string }) => error.code,
  )
const create = async (fields: object = {}) => {
  const { channelId } = await addChannel(ctx, {
    name: `c-${newId()}`,
    vendor: 'test',
    baseUrl: vendor.url,
    key: KEY,
    ownNetwork: true,
    ...fields,
  })
  return channelId
}
/** Short limits only where a vendor is silent: a busy machine is no slow vendor. */
const LIMITS: Record<string, object> = { silent: { firstByteMs: 100 }, stalled: { silenceMs: 500 } }
const test = (channelId: string, fields: object = {}, limits: object = {}) =>
  testChannel(ctx, testChannelInput.parse({ channelId, ...fields }), limits)
const keyOf = async (channelId: string) => (await getChannel(ctx, { channelId })).keys[0]!
const auditsOf = (channelId: string) =>
  database.db.select().from(auditEntries).where(eq(auditEntries.subjectId, channelId)).orderBy(auditEntries.id)

describe('testChannel', () => {
  it('makes one small streamed call with the cheapest model, and nobody pays for it', async () => {
    const channelId = await create()
    vendor.requests.length = 0
    const outcome = await test(channelId)
    expect(outcome).toMatchObject({
      modelId: 'cheap',
      keys: [
        { hint: 'cdef', ok: true, errorCode: null, answer: 'Hello, this is a fake answer.', vendorCostMicros: 42n },
      ],
    })
    expect(outcome.keys[0]!.firstTokenMs).toBeGreaterThanOrEqual(0)
    expect(vendor.requests).toHaveLength(1)
    expect(vendor.requests[0]!.body).toMatchObject({ model: 'cheap', stream: true, max_tokens: 16 })
    expect(vendor.requests[0]!.headers.authorization).toBe(`Bearer ${KEY}`)
    expect(await keyOf(channelId)).toMatchObject({
      testOutcome: 'ok',
      testedAt: expect.any(Date),
      testFirstTokenMs: outcome.keys[0]!.firstTokenMs,
    })
    expect(await database.db.select().from(usageRecords)).toEqual([])
    const transfers = await database.db.execute(sql`SELECT 1 FROM transfers`)
    expect(transfers.rows).toEqual([])
    expect((await auditsOf(channelId)).at(-1)).toMatchObject({
      action: 'channel.test',
      after: { outcome: 'ok', modelId: 'cheap', vendorCostMicros: '42' },
    })
  })

  it.each([
    ['unauthorized', 'vendor_key_refused', 401],
    ['rateLimited', 'vendor_rate_limited', 429],
    ['failing', 'vendor_failed', 500],
    ['garbage', 'vendor_malformed', null],
    ['notAStream', 'vendor_malformed', null],
    ['silent', 'vendor_timeout', null],
    ['stalled', 'vendor_timeout', null],
    ['empty', 'vendor_empty', null],
    ['cutOff', 'vendor_failed', null],
  ] as const)('tells what is wrong: %s is %s', async (behavior, errorCode, httpStatus) => {
    const channelId = await create()
    vendor.setBehavior(behavior)
    const outcome = await test(channelId, {}, LIMITS[behavior])
    expect(outcome.keys).toMatchObject([{ ok: false, errorCode, httpStatus }])
    expect(await keyOf(channelId)).toMatchObject({
      testOutcome: errorCode,
      status: behavior === 'unauthorized' ? 'refused' : 'active',
    })
    const told = JSON.stringify([outcome, await auditsOf(channelId)], (_, value) =>
      typeof value === 'bigint' ? String(value) : value,
    )
    expect(told).not.toContain(VENDOR_WORDS)
    expect(told).not.toContain('planted')
  })

  it('notes a refused key once, and lets it back when it is taken again', async () => {
    const channelId = await create()
    vendor.setBehavior('unauthorized')
    await test(channelId)
    await test(channelId)
    expect(await keyOf(channelId)).toMatchObject({ status: 'refused', refusedStatus: 401 })
    vendor.setBehavior('answer')
    await test(channelId)
    expect(await keyOf(channelId)).toMatchObject({ status: 'active', refusedAt: null })
    expect((await auditsOf(channelId)).map(({ action }) => action)).toEqual([
      'channel.add',
      'channel_key.refused',
      'channel.test',
      'channel.test',
      'channel_key.accepted',
      'channel.test',
    ])
  })

  it('tries each key of the pool but disabled ones, or the one that is asked for, with the model that is asked for', async () => {
    const channelId = await create()
    const { keyId } = await addKey(ctx, { channelId, key: 'sk-second-key-0123456789wxyz' })
    await setKeyStatus(ctx, { channelId, keyId, status: 'disabled' })
    expect((await test(channelId)).keys.map(({ hint }) => hint)).toEqual(['cdef'])
    expect(await test(channelId, { keyId, modelId: 'dear' })).toMatchObject({
      modelId: 'dear',
      keys: [{ hint: 'wxyz', ok: true, vendorCostMicros: 3_210n }],
    })
    expect((await getChannel(ctx, { channelId })).keys[1]!.status).toBe('disabled')
    expect(await codeOf(test(channelId, { keyId: newId() }))).toBe('not_found')
    expect(await codeOf(test(channelId, { modelId: 'none' }))).toBe('model_unknown')
    expect(await codeOf(test(await create({ models: [] })))).toBe('model_unknown')
    expect(await codeOf(test(newId()))).toBe('not_found')
    expect(await codeOf(testChannel(person, testChannelInput.parse({ channelId })))).toBe('forbidden')
  })

  it('a thought that fills its room is an answer', async () => {
    const channelId = await create()
    vendor.setBehavior(answers({ text: [], finish: 'length' }))
    expect((await test(channelId)).keys[0]).toMatchObject({ ok: true, firstTokenMs: null })
  })

  it('does not go where the channel may not', async () => {
    const channelId = await create({ baseUrl: 'https://vendor.example/v1', ownNetwork: false })
    // As if the vendor's name had been pointed inwards since.
    await database.db.execute(
      sql`UPDATE channels SET base_url = ${vendor.url.replace('127.0.0.1', 'localhost')} WHERE id = ${channelId}`,
    )
    vendor.requests.length = 0
    expect((await test(channelId)).keys).toMatchObject([{ ok: false, errorCode: 'address_private' }])
    expect(await codeOf(findChannelModels(ctx, { channelId }))).toBe('address_private')
    expect(vendor.requests).toEqual([])
    expect((await listRoutes(ctx, 'cheap')).find((route) => route.channelId === channelId)!.reach).toBe('internet')
  })
})

describe('the models of a vendor', () => {
  const lists = (body: unknown): Behavior => sends(JSON.stringify(body), 'application/json')
  const find = (fields: object = {}) =>
    findVendorModels(
      ctx,
      findVendorModelsInput.parse({ vendor: 'openai', baseUrl: vendor.url, key: KEY, ownNetwork: true, ...fields }),
    )
  const idsOf = async (fields?: object) => (await find(fields)).models.map(({ modelId }) => modelId)

  it('come as the vendor lists them, matched with ours and the catalogue', async () => {
    vendor.requests.length = 0
    vendor.setBehavior(
      lists({ object: 'list', data: [{ id: 'gpt-6-luna' }, { id: 'cheap' }, { id: 'bad id' }, { no: 1 }, 7] }),
    )
    expect(await find()).toMatchObject({
      isListed: true,
      models: [
        { modelId: 'cheap', from: 'known' },
        { modelId: 'gpt-6-luna', from: 'catalogue' },
      ],
    })
    expect(vendor.requests[0]).toMatchObject({ method: 'GET', path: '/v1/models' })
    expect(vendor.requests[0]!.headers.authorization).toBe(`Bearer ${KEY}`)
    vendor.setBehavior(lists({ models: [{ name: 'models/a' }] }))
    expect(await idsOf()).toEqual(['a'])
    vendor.setBehavior(lists([{ id: 'plain' }]))
    expect(await idsOf({ vendor: 'anthropic' })).toEqual(['plain'])
    expect(vendor.requests.at(-1)!.headers['x-api-key']).toBe(KEY)
  })

  it('are the catalogue’s where the vendor has no list', async () => {
    for (const status of [404, 405, 501]) {
      vendor.setBehavior((_request, response) => void response.writeHead(status).end('{}'))
      const found = await find({ vendor: 'deepseek' })
      expect(found.isListed).toBe(false)
      expect(found.models.map(({ modelId }) => modelId)).toEqual(['deepseek-flash', 'deepseek-v4-pro'])
    }
    expect((await find({ vendor: 'mine' })).models).toEqual([])
  })

  it.each([
    [
      '401',
      (_: unknown, response: Parameters<Behavior>[1]) => void response.writeHead(401).end(VENDOR_WORDS),
      'vendor_key_refused',
    ],
    [
      '429',
      (_: unknown, response: Parameters<Behavior>[1]) => void response.writeHead(429).end(),
      'vendor_rate_limited',
    ],
    ['500', (_: unknown, response: Parameters<Behavior>[1]) => void response.writeHead(500).end(), 'vendor_failed'],
    [
      'a redirect',
      (_: unknown, response: Parameters<Behavior>[1]) => void response.writeHead(302, { location: '/v1/other' }).end(),
      'vendor_refused',
    ],
    ['garbage', sends('<html>', 'text/html'), 'vendor_malformed'],
    ['another shape', sends('{"data": {}}', 'application/json'), 'vendor_malformed'],
    [
      'nobody at home',
      (_: unknown, response: Parameters<Behavior>[1]) => void response.destroy(),
      'vendor_unreachable',
    ],
    [
      'without end',
      (_: unknown, response: Parameters<Behavior>[1]) => {
        const write = () => {
          while (!response.destroyed && response.write(' '.repeat(65_536)));
          if (!response.destroyed) response.once('drain', write)
        }
        write()
      },
      'vendor_malformed',
    ],
  ])('fail clearly: %s', async (_name, behavior, code) => {
    vendor.setBehavior(behavior)
    await expect(find()).rejects.toMatchObject({ code })
  })

  it('are not waited for without end', async () => {
    vendor.setBehavior('silent')
    const input = findVendorModelsInput.parse({ vendor: 'openai', baseUrl: vendor.url, key: KEY, ownNetwork: true })
    expect(await codeOf(findVendorModels(ctx, input, 200))).toBe('vendor_timeout')
  })

  it('are asked for by admins alone, and not in private networks without a word', async () => {
    vendor.requests.length = 0
    expect(await codeOf(find({ ownNetwork: false }))).toBe('address_private')
    expect(await codeOf(find({ proxy: 'http://169.254.169.254' }))).toBe('address_private')
    const input = findVendorModelsInput.parse({ vendor: 'openai', baseUrl: vendor.url, key: KEY, ownNetwork: true })
    expect(await codeOf(findVendorModels(person, input))).toBe('forbidden')
    expect(await codeOf(findChannelModels(person, { channelId: await create() }))).toBe('forbidden')
    expect(vendor.requests).toEqual([])
  })

  it('of a channel come by its own way', async () => {
    vendor.setBehavior(lists({ data: [{ id: 'cheap' }] }))
    const channelId = await create({ headers: { appid: '12' } })
    vendor.requests.length = 0
    expect((await findChannelModels(ctx, { channelId })).models).toMatchObject([{ modelId: 'cheap' }])
    expect(vendor.requests[0]!.headers).toMatchObject({ appid: '12', authorization: `Bearer ${KEY}` })
    expect(await codeOf(findChannelModels(ctx, { channelId: newId() }))).toBe('not_found')
  })
})
