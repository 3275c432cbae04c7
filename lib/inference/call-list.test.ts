import { eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { channels, usageRecords } from '#db/schema/index.ts'
import { type Ctx, systemCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { type CallFilter, type CallLine, exportCalls, listCallSources, listCalls } from '#lib/inference/index.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { answers, type FakeVendor, startFakeVendor } from '#tests/support/fake-vendor.ts'
import {
  admitCall,
  type Carried,
  carryOut,
  createChannel,
  createPayer,
  createPricedModel,
  type Payer,
} from '#tests/support/paid-call.ts'
import { insertPastCalls } from '#tests/support/past-calls.ts'

let database: TestDatabase
let vendor: FakeVendor
let system: Ctx
let ada: Payer
let bob: Payer
let channelId: string
let modelId: string
let paid: Carried
let free: Carried
let ofBob: Carried

beforeAll(async () => {
  database = await createTestDatabase()
  vendor = await startFakeVendor()
  system = systemCtx('test', database.db)
  ada = await createPayer(database.db)
  bob = await createPayer(database.db)
  const channel = await createChannel(database.db, vendor.url)
  channelId = (await database.db.select().from(channels).where(eq(channels.name, channel)))[0]!.id
  modelId = await createPricedModel(database.db, [channel], { displayName: 'Test model' })
  paid = await carryOut(ada, await admitCall(ada, modelId))
  vendor.setBehavior('empty')
  free = await carryOut(ada, await admitCall(ada, modelId))
  vendor.setBehavior(answers({ text: ['word'] }))
  ofBob = await carryOut(bob, await admitCall(bob, modelId))
  // Three hundred of the last ten days, one an hour; the first is the oldest.
  const from = new Date(Date.now() - 12.5 * 86_400_000)
  await insertPastCalls(database, { ...bob, modelIds: [modelId], count: 300, from, everyMs: 3_600_000 })
})
afterAll(async () => {
  await vendor.close()
  await database.close()
})

const ids = (lines: CallLine[]) => lines.map(({ id }) => id)
const recent = async (filter: CallFilter) => ids((await listCalls(system, { limit: 200, ...filter })).items).slice(0, 3)

describe('listCalls', () => {
  it('shows who called what, what came of it and what it cost, and no word of it', async () => {
    const { items, next } = await listCalls(system, { userId: ada.userId })
    expect(next).toBeNull()
    expect(ids(items)).toEqual([free.record.id, paid.record.id])
    expect(items[1]).toMatchObject({
      userId: ada.userId,
      email: `${ada.userId}@example.test`,
      modelId,
      modelName: 'Test model',
      channelName: expect.stringContaining('channel-'),
      outcome: 'completed',
      usageSource: 'reported',
      usage: { inputTokens: 10, outputTokens: 8 },
      heldMicros: 4_010n,
      chargedMicros: 42n,
      vendorCostMicros: 21n,
      at: expect.any(Date),
    })
    expect(items[0]).toMatchObject({ outcome: 'empty', errorCode: 'vendor_empty', chargedMicros: 0n })
    expect(JSON.stringify(items, (_, value) => (typeof value === 'bigint' ? `${value}` : value))).not.toMatch(/Hello/)
  })

  it('narrows by person, model, channel, outcome and charge', async () => {
    const [a, b, c] = [paid.record.id, free.record.id, ofBob.record.id]
    expect(await recent({ window: { hours: 1 } })).toEqual([c, b, a])
    expect(await recent({ window: { hours: 1 }, outcome: 'empty' })).toEqual([b])
    expect(await recent({ window: { hours: 1 }, paid: 'free' })).toEqual([b])
    expect(await recent({ window: { hours: 1 }, paid: 'charged' })).toEqual([c, a])
    expect(await recent({ window: { hours: 1 }, channelId })).toEqual([c, b, a])
    expect(await recent({ window: { hours: 1 }, channelId: newId() })).toEqual([])
    expect(await recent({ window: { hours: 1 }, modelId: 'other' })).toEqual([])
    expect(await recent({ userId: ada.userId, modelId, outcome: 'completed' })).toEqual([a])
    expect(await recent({ userId: newId() })).toEqual([])
  })

  it('shows the last day of everybody, and all of one person, unless told otherwise', async () => {
    expect((await listCalls(system, { limit: 200 })).items).toHaveLength(26)
    const { items, next } = await listCalls(system, { userId: bob.userId, limit: 200 })
    expect(items).toHaveLength(200)
    const rest = await listCalls(system, { userId: bob.userId, limit: 200, after: next! })
    expect(rest).toMatchObject({ next: null, lookedBackTo: null })
    expect(new Set(ids([...items, ...rest.items])).size).toBe(301)
    expect((await listCalls(system, { userId: bob.userId, window: { hours: 24 }, limit: 200 })).items).toHaveLength(24)
  })

  it('pages through a window without a gap, and says when it stopped looking', async () => {
    const window = { hours: 24 * 30 }
    const seen: string[] = []
    let after: string | undefined
    do {
      const page = await listCalls(system, { window, after, limit: 60 })
      seen.push(...ids(page.items))
      after = page.next ?? undefined
    } while (after)
    expect(seen.length).toBe(303)
    expect(new Set(seen).size).toBe(303)
    const sparse = await listCalls(system, { window, outcome: 'empty', limit: 60 })
    expect(ids(sparse.items)).toEqual([free.record.id])
    expect(sparse.lookedBackTo!.getTime()).toBeLessThan(Date.now() - 6.9 * 86_400_000)
  })

  it('is for admins and the service', async () => {
    await expect(listCalls(ada.ctx, { userId: ada.userId })).rejects.toMatchObject({ code: 'forbidden' })
    const anonymous: Ctx = { db: database.db, actor: { type: 'anonymous' } }
    await expect(listCalls(anonymous)).rejects.toMatchObject({ code: 'unauthenticated' })
    await expect(listCallSources(ada.ctx)).rejects.toMatchObject({ code: 'forbidden' })
    await expect(exportCalls(ada.ctx).next()).rejects.toMatchObject({ code: 'forbidden' })
  })
})

it('listCallSources names what calls can be narrowed to', async () => {
  const sources = await listCallSources(system)
  expect(sources.models).toContainEqual({ id: modelId, name: 'Test model' })
  expect(sources.channels).toMatchObject([{ id: channelId }])
})

describe('exportCalls', () => {
  const all = async (filter: CallFilter) => {
    const lines: CallLine[] = []
    for await (const batch of exportCalls(system, filter)) lines.push(...batch)
    return ids(lines)
  }

  it('gives what the list shows, whole', async () => {
    expect(await all({ window: { hours: 24 * 30 } })).toHaveLength(303)
    expect(await all({ window: { hours: 24 * 30 }, outcome: 'empty' })).toEqual([free.record.id])
    expect(await all({ userId: bob.userId })).toHaveLength(301)
    expect(await all({ userId: newId() })).toEqual([])
  })
})

it('a person who is gone keeps their calls, without a name', async () => {
  const gone = await createPayer(database.db)
  const { record } = await carryOut(gone, await admitCall(gone, modelId))
  await database.db.execute(sql`DELETE FROM users WHERE id = ${gone.userId}`)
  const { items } = await listCalls(system, { userId: gone.userId })
  expect(items).toMatchObject([{ id: record.id, email: null }])
  expect(await database.db.$count(usageRecords, eq(usageRecords.userId, gone.userId))).toBe(1)
})
