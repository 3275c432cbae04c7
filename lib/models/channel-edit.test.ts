import { eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { auditEntries, channelKeys, channelModels, channels } from '#db/schema/index.ts'
import { decryptSecret } from '#lib/crypto.ts'
import { type Ctx, systemCtx, type UserCtx } from '#lib/ctx.ts'
import { getEnv } from '#lib/env.ts'
import { newId } from '#lib/id.ts'
import {
  addChannel,
  addKey,
  deleteChannel,
  editChannel,
  editChannelInput,
  getChannel,
  linkModel,
  listRoutes,
  markKey,
  openKeys,
  removeKey,
  setChannelStatus,
  setKeyStatus,
  setModel,
  unlinkModel,
} from '#lib/models/index.ts'
import { setSetting } from '#lib/settings/index.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { PROXY_PURPOSE } from './channel-fields.ts'

let database: TestDatabase
let ctx: UserCtx
let person: UserCtx
const KEY = 'sk-planted-key-0123456789abcdef'

beforeAll(async () => {
  database = await createTestDatabase()
  const as = (role: 'admin' | 'user'): UserCtx => ({
    db: database.db,
    actor: { type: 'user', userId: newId(), role, sessionId: newId() },
  })
  ctx = as('admin')
  person = as('user')
  await setModel(systemCtx('test', database.db), { id: 'one', input: '1', output: '1', vendor: 'test' })
})
afterAll(() => database.close())

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error: { code: string }) => error.code,
  )
const create = async (fields: object = {}) => {
  const name = `c-${newId()}`
  const added = await addChannel(ctx, {
    name,
    vendor: 'test',
    baseUrl: 'https://vendor.example/v1',
    key: KEY,
    models: ['one'],
    proxy: 'http://user:planted-password@proxy.example:8080',
    headers: { 'x-secret': 'planted-header' },
    ...fields,
  })
  return getChannel(ctx, { channelId: added.channelId })
}
type Channel = Awaited<ReturnType<typeof create>>
const form = (channel: Channel, changes: object = {}) => editChannelInput.parse({ ...fieldsOf(channel), ...changes })
const fieldsOf = ({ id, version, name, vendor, baseUrl, priority, weight, ownNetwork }: Channel) => ({
  channelId: id,
  version: String(version),
  name,
  vendor,
  baseUrl,
  priority: String(priority),
  weight: String(weight),
  ...(ownNetwork ? { ownNetwork: 'on' } : {}),
})
const rowOf = async (id: string) => (await database.db.select().from(channels).where(eq(channels.id, id)))[0]!
const auditOf = (id: string) =>
  database.db.select().from(auditEntries).where(eq(auditEntries.subjectId, id)).orderBy(auditEntries.id)
const actionsOf = async (id: string) => (await auditOf(id)).map(({ action }) => action)
const proxyOf = async (id: string) => {
  const { proxySealed } = await rowOf(id)
  return proxySealed && decryptSecret(proxySealed, getEnv().ENCRYPTION_KEY, PROXY_PURPOSE)
}

describe('editChannel', () => {
  it('changes what the form says, keeps secrets it does not mention, and says so in the audit log', async () => {
    const channel = await create()
    await editChannel(ctx, form(channel, { priority: '5', weight: '3', baseUrl: 'https://vendor.example/v2/' }))
    expect(await getChannel(ctx, { channelId: channel.id })).toMatchObject({
      baseUrl: 'https://vendor.example/v2',
      priority: 5,
      weight: 3,
      version: channel.version + 1,
      hasProxy: true,
      headerNames: ['x-secret'],
      keys: [{ hint: 'cdef' }],
    })
    expect(await proxyOf(channel.id)).toContain('planted-password')
    expect((await rowOf(channel.id)).headers).toEqual({ 'x-secret': 'planted-header' })
    const audit = (await auditOf(channel.id)).at(-1)!
    expect(audit).toMatchObject({ action: 'channel.edit', before: { priority: 0 }, after: { priority: 5 } })
    expect(JSON.stringify(await auditOf(channel.id))).not.toContain('planted')
  })

  it('replaces and takes away the proxy and the headers', async () => {
    const channel = await create()
    await editChannel(
      ctx,
      form(channel, {
        proxyChange: 'replace',
        proxy: 'http://other.example:1',
        headersChange: 'replace',
        headers: 'appid: 12\n\nx-more:  a: b ',
      }),
    )
    expect(await proxyOf(channel.id)).toBe('http://other.example:1')
    expect((await rowOf(channel.id)).headers).toEqual({ appid: '12', 'x-more': 'a: b' })
    const again = await getChannel(ctx, { channelId: channel.id })
    await editChannel(ctx, form(again, { proxyChange: 'remove', headersChange: 'remove' }))
    expect(await rowOf(channel.id)).toMatchObject({ proxySealed: null, headers: {} })
  })

  it('forgets the keys and headers when the host is another, and only then', async () => {
    const channel = await create()
    expect(await editChannel(ctx, form(channel, { baseUrl: 'https://vendor.example/v3' }))).toEqual({
      keysForgotten: 0,
    })
    expect((await rowOf(channel.id)).headers).toEqual({ 'x-secret': 'planted-header' })
    const again = await getChannel(ctx, { channelId: channel.id })
    for (const baseUrl of ['http://vendor.example/v3']) {
      expect(await editChannel(ctx, form(again, { baseUrl }))).toEqual({ keysForgotten: 1 })
    }
    expect(await database.db.select().from(channelKeys).where(eq(channelKeys.channelId, channel.id))).toEqual([])
    expect((await rowOf(channel.id)).headers).toEqual({})
    expect((await auditOf(channel.id)).at(-1)).toMatchObject({
      before: { headers: ['x-secret'] },
      after: { keysForgotten: 1, headers: [] },
    })
  })

  it('keeps the headers that are given together with another host', async () => {
    const channel = await create()
    const elsewhere = { baseUrl: 'https://other.example/v1', headersChange: 'replace', headers: 'x-new: its own' }
    await editChannel(ctx, form(channel, elsewhere))
    expect((await rowOf(channel.id)).headers).toEqual({ 'x-new': 'its own' })
  })

  it('refuses a form that is older than the channel, and what cannot be', async () => {
    const channel = await create()
    const other = await create()
    await editChannel(ctx, form(channel, { priority: '1' }))
    const before = await rowOf(channel.id)
    const now = await getChannel(ctx, { channelId: channel.id })
    expect(await codeOf(editChannel(ctx, form(channel, { priority: '2' })))).toBe('changed_meanwhile')
    expect(await codeOf(editChannel(ctx, form(now, { name: other.name })))).toBe('name_taken')
    expect(await codeOf(editChannel(ctx, form(now, { channelId: newId() })))).toBe('not_found')
    expect(await codeOf(editChannel(person, form(now)))).toBe('forbidden')
    expect(await codeOf(editChannel({ ...person, actor: { type: 'anonymous' } } as Ctx, form(now)))).toBe(
      'unauthenticated',
    )
    const field = (changes: object) => {
      const parsed = editChannelInput.safeParse({ ...fieldsOf(now), ...changes })
      return parsed.success ? 'fine' : parsed.error.issues[0]!.path.join('.')
    }
    expect(field({ baseUrl: 'https://u:p@vendor.example/' })).toBe('baseUrl')
    expect(field({ proxyChange: 'replace', proxy: 'socks5://x' })).toBe('proxy')
    expect(field({ headersChange: 'replace', headers: 'no colon' })).toBe('headers')
    expect(field({ headersChange: 'replace', headers: 'Authorization: Bearer x' })).toBe('headers.Authorization')
    expect(field({ headersChange: 'replace', headers: 'x: a\u0007' })).toBe('headers.x')
    expect(field({ weight: '0' })).toBe('weight')
    expect(field({ priority: 'high' })).toBe('priority')
    expect(await rowOf(channel.id)).toEqual(before)
  })

  it.each([
    'http://127.0.0.1:11434/v1',
    'http://localhost/v1',
    'http://192.168.1.5/v1',
    'http://10.0.0.1/v1',
    'http://[::1]/v1',
    'http://[::ffff:10.0.0.1]/v1',
    'http://2130706433/v1',
    'http://0x7f.1/v1',
    'http://0177.0.0.1/v1',
    'http://0.0.0.0/v1',
    'http://169.254.169.254/latest',
  ])('%s is a private address, for channel and proxy, unless it is the operator’s own network', async (url) => {
    const channel = await create()
    const before = await rowOf(channel.id)
    expect(await codeOf(create({ baseUrl: url }))).toBe('address_private')
    expect(await codeOf(create({ proxy: url }))).toBe('address_private')
    expect(await codeOf(editChannel(ctx, form(channel, { baseUrl: url })))).toBe('address_private')
    expect(await codeOf(editChannel(ctx, form(channel, { proxyChange: 'replace', proxy: url })))).toBe(
      'address_private',
    )
    expect(await rowOf(channel.id)).toEqual(before)
    const nobody = /169\.254|0\.0\.0\.0/.test(url)
    expect(await codeOf(create({ baseUrl: url, ownNetwork: true }))).toBe(nobody ? 'address_private' : 'done')
  })

  it('the word for the own network is in the audit log, and cannot be taken back while it is needed', async () => {
    const channel = await create({ baseUrl: 'http://127.0.0.1:1/v1', ownNetwork: true })
    expect((await auditOf(channel.id))[0]!.after).toMatchObject({ ownNetwork: true })
    expect(await listRoutes(ctx, 'one')).toContainEqual(
      expect.objectContaining({ channelId: channel.id, reach: 'own-network' }),
    )
    const withoutWord = { ...fieldsOf(channel), ownNetwork: undefined }
    expect(await codeOf(editChannel(ctx, editChannelInput.parse(withoutWord)))).toBe('address_private')
    const proxied = await create({ proxy: 'http://127.0.0.1:7890', ownNetwork: true })
    expect(
      await codeOf(editChannel(ctx, editChannelInput.parse({ ...fieldsOf(proxied), ownNetwork: undefined }))),
    ).toBe('address_private')
  })
})

describe('a channel', () => {
  it('goes out of use and back, once for each word', async () => {
    const { id } = await create()
    const isRouted = async () => (await listRoutes(ctx, 'one')).some(({ channelId }) => channelId === id)
    await setChannelStatus(ctx, { channelId: id, status: 'disabled' })
    await setChannelStatus(ctx, { channelId: id, status: 'disabled' })
    expect(await isRouted()).toBe(false)
    await setChannelStatus(ctx, { channelId: id, status: 'active' })
    expect(await isRouted()).toBe(true)
    expect(await actionsOf(id)).toEqual(['channel.add', 'channel.disable', 'channel.enable'])
    expect(await codeOf(setChannelStatus(person, { channelId: id, status: 'disabled' }))).toBe('forbidden')
    expect(await codeOf(setChannelStatus(ctx, { channelId: newId(), status: 'disabled' }))).toBe('not_found')
    expect(await isRouted()).toBe(true)
  })

  it('carries a model, and no longer', async () => {
    const { id } = await create({ models: [] })
    const links = () => database.db.select().from(channelModels).where(eq(channelModels.channelId, id))
    await linkModel(ctx, { channelId: id, modelId: 'one', vendorModel: '' })
    await linkModel(ctx, { channelId: id, modelId: 'one', vendorModel: 'theirs' })
    await linkModel(ctx, { channelId: id, modelId: 'one', vendorModel: 'theirs' })
    expect(await links()).toEqual([{ channelId: id, modelId: 'one', vendorModel: 'theirs' }])
    expect((await getChannel(ctx, { channelId: id })).vendorModels).toEqual({ one: 'theirs' })
    expect(await codeOf(linkModel(ctx, { channelId: id, modelId: 'none', vendorModel: '' }))).toBe('model_unknown')
    expect(await codeOf(unlinkModel(person, { channelId: id, modelId: 'one' }))).toBe('forbidden')
    expect(await links()).toHaveLength(1)
    await unlinkModel(ctx, { channelId: id, modelId: 'one' })
    expect(await codeOf(unlinkModel(ctx, { channelId: id, modelId: 'one' }))).toBe('not_found')
    expect(await links()).toEqual([])
    expect(await actionsOf(id)).toEqual([
      'channel.add',
      'channel.link_model',
      'channel.link_model',
      'channel.unlink_model',
    ])
  })

  it('is deleted with its keys by whoever types its name', async () => {
    const { id, name } = await create()
    expect(await codeOf(deleteChannel(ctx, { channelId: id, confirmName: 'other' }))).toBe('invalid_input')
    expect(await codeOf(deleteChannel(person, { channelId: id, confirmName: name }))).toBe('forbidden')
    expect(await rowOf(id)).toBeDefined()
    await deleteChannel(ctx, { channelId: id, confirmName: name, reason: 'gone' })
    expect(await codeOf(deleteChannel(ctx, { channelId: id, confirmName: name }))).toBe('not_found')
    expect(await database.db.select().from(channelKeys).where(eq(channelKeys.channelId, id))).toEqual([])
    const audit = (await auditOf(id)).at(-1)!
    expect(audit).toMatchObject({ action: 'channel.delete', reason: 'gone', before: { name } })
    expect(JSON.stringify(audit)).not.toContain('planted')
  })
})

describe('the pool of keys', () => {
  it('takes each key once, and shows its last four characters', async () => {
    const { id } = await create()
    const { keyId } = await addKey(ctx, { channelId: id, key: 'sk-another-planted-key-wxyz' })
    expect(await codeOf(addKey(ctx, { channelId: id, key: KEY }))).toBe('key_known')
    expect(await codeOf(addKey(ctx, { channelId: newId(), key: 'sk-x' }))).toBe('not_found')
    expect(await codeOf(addKey(person, { channelId: id, key: 'sk-theirs' }))).toBe('forbidden')
    expect(await codeOf(openKeys(person, { channelId: id }))).toBe('forbidden')
    const { keys } = await getChannel(ctx, { channelId: id })
    expect(keys.map(({ hint }) => hint)).toEqual(['cdef', 'wxyz'])
    await addKey(ctx, { channelId: id, key: 'short' })
    expect((await getChannel(ctx, { channelId: id })).keys.at(-1)!.hint).toBe('')
    expect((await auditOf(id))[1]).toMatchObject({ action: 'channel_key.add', after: { keyId, hint: 'wxyz' } })
    expect(JSON.stringify(await auditOf(id))).not.toContain('planted')
  })

  it('disables, enables and removes', async () => {
    const channel = await create()
    const [key] = channel.keys
    const where = { channelId: channel.id, keyId: key!.id }
    await setKeyStatus(ctx, { ...where, status: 'disabled' })
    await setKeyStatus(ctx, { ...where, status: 'disabled' })
    expect(await markKey(ctx, { keyId: key!.id, status: 'refused', httpStatus: 401 })).toBe(false)
    expect((await getChannel(ctx, { channelId: channel.id })).keys[0]!.status).toBe('disabled')
    await setKeyStatus(ctx, { ...where, status: 'active' })
    expect(await codeOf(setKeyStatus(ctx, { ...where, channelId: newId(), status: 'disabled' }))).toBe('not_found')
    expect(await codeOf(removeKey(person, where))).toBe('forbidden')
    expect(await codeOf(removeKey(ctx, { ...where, channelId: newId() }))).toBe('not_found')
    await removeKey(ctx, where)
    expect(await codeOf(removeKey(ctx, where))).toBe('not_found')
    expect((await actionsOf(channel.id)).slice(1)).toEqual([
      'channel_key.disable',
      'channel_key.enable',
      'channel_key.remove',
    ])
  })

  it('notes what a vendor thinks of a key when that changes, however many notice it', async () => {
    const channel = await create()
    const keyId = channel.keys[0]!.id
    const refuse = () => markKey(person, { keyId, status: 'refused', httpStatus: 401 })
    const noticed = await Promise.all(Array.from({ length: 8 }, refuse))
    expect(noticed.filter(Boolean)).toHaveLength(1)
    const [key] = (await getChannel(ctx, { channelId: channel.id })).keys
    expect(key).toMatchObject({ status: 'refused', refusedStatus: 401, refusedAt: expect.any(Date) })
    await markKey(person, { keyId, status: 'active' })
    expect((await getChannel(ctx, { channelId: channel.id })).keys[0]).toMatchObject({
      status: 'active',
      refusedAt: null,
      refusedStatus: null,
    })
    const audits = (await auditOf(channel.id)).slice(1)
    expect(audits).toMatchObject([
      { action: 'channel_key.refused', actorType: 'system', actorId: 'channel-health', after: { httpStatus: 401 } },
      { action: 'channel_key.accepted', actorType: 'system', after: { hint: 'cdef' } },
    ])
    expect(await markKey(ctx, { keyId: newId(), status: 'refused', httpStatus: null })).toBe(false)
  })
})

// Whatever time it is, one of them has another day than UTC.
it.each(['UTC', 'Pacific/Kiritimati', 'Pacific/Pago_Pago'])(
  'how a channel does is told by the last seven days of the calendar in %s',
  async (zone) => {
    await setSetting(ctx, { key: 'time_zone', value: zone })
    const { id } = await create()
    const today = sql`(now() AT TIME ZONE ${zone}::text)::date`
    await database.db.execute(sql`
      INSERT INTO usage_days (day, model_id, channel_id, calls, failed, interrupted, charged_micros, bad_debt_micros, vendor_cost_micros)
      VALUES (${today}, 'one', ${id}, 10, 2, 1, 0, 0, 0), (${today} - 6, 'one', ${id}, 5, 0, 0, 0, 0, 0),
        (${today} - 7, 'one', ${id}, 100, 100, 0, 0, 0, 0)`)
    expect(await getChannel(ctx, { channelId: id })).toMatchObject({ calls: 15, failures: 3 })
  },
)
