import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createDatabase, type Database } from '#db/client.ts'
import { systemCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { registerWorker, workerId } from '#lib/inference/index.ts'
import { findWallet } from '#lib/ledger/index.ts'
import { createModel, createPerson, readAll } from '#tests/support/chat.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { answers, type FakeVendor, startFakeVendor } from '#tests/support/fake-vendor.ts'
import { endStrayRuns, readEvents, type StartGenerationInput, startGeneration } from './index.ts'
import { liveRuns } from './live-runs.ts'

let database: TestDatabase
let vendor: FakeVendor
let modelId: string

beforeAll(async () => {
  database = await createTestDatabase()
  vendor = await startFakeVendor()
  modelId = await createModel(database.db, vendor.url)
  await registerWorker(systemCtx('test', database.db))
})
afterAll(async () => {
  await vendor.close()
  await database.close()
})

/** A pool whose connections break at the next COMMIT: after the database has done it, or before it got it. */
function breakingPool(): { db: Database; breakNext(moment: 'before' | 'after'): void } {
  const db = createDatabase(database.url, 5)
  let moment: 'before' | 'after' | null = null
  db.$client.on('connect', (client) => {
    const query = client.query.bind(client) as (...args: unknown[]) => Promise<unknown>
    const broken = async (...args: unknown[]) => {
      const [statement] = args as [{ text?: string } | string]
      const text = typeof statement === 'string' ? statement : (statement.text ?? '')
      if (moment === null || !/^commit/i.test(text)) return query(...args)
      if (moment === 'after') await query(...args)
      moment = null
      ;(client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy()
      throw new Error('connection lost')
    }
    client.query = broken as unknown as typeof client.query
  })
  return {
    db,
    breakNext: (when) => {
      moment = when
    },
  }
}

const message = (): StartGenerationInput => ({
  requestId: newId(),
  conversationId: newId(),
  parentId: null,
  text: 'Is anybody there?',
  modelId,
})

const walletOf = async (ctx: Awaited<ReturnType<typeof createPerson>>) =>
  (await findWallet(ctx, { ownerType: 'user', ownerId: ctx.actor.userId }))!

it('a start whose commit was done and whose answer was lost is set going, once', async () => {
  const { db, breakNext } = breakingPool()
  const person = { ...(await createPerson(database.db)), db }
  vendor.requests.length = 0
  const request = message()
  breakNext('after')
  const started = await startGeneration(person, request)
  expect(started.replayed).toBe(false)
  const answer = await readAll(await readEvents(person, started))
  expect(answer).toMatchObject({ text: 'Hello, this is a fake answer.', end: { status: 'completed' } })
  expect(await startGeneration(person, request)).toEqual({ ...started, replayed: true })
  expect(vendor.requests).toHaveLength(1)
  expect(await walletOf(person)).toMatchObject({ heldMicros: 0n, openHolds: 0 })
  await db.$client.end()
})

it('a start whose commit never arrived is refused, and nothing of it is there', async () => {
  const { db, breakNext } = breakingPool()
  const person = { ...(await createPerson(database.db)), db }
  vendor.requests.length = 0
  const request = message()
  breakNext('before')
  await expect(startGeneration(person, request)).rejects.toThrow()
  expect(await walletOf(person)).toMatchObject({ heldMicros: 0n, openHolds: 0 })
  const again = await startGeneration(person, request)
  expect(again.replayed).toBe(false)
  await readAll(await readEvents(person, again))
  expect(vendor.requests).toHaveLength(1)
  await db.$client.end()
})

it('an end whose answer was lost is there once', async () => {
  const { db, breakNext } = breakingPool()
  const person = { ...(await createPerson(database.db)), db }
  const before = await walletOf(person)
  const started = await startGeneration(person, message())
  breakNext('after')
  const answer = await readAll(await readEvents(person, started))
  expect(answer).toMatchObject({ text: 'Hello, this is a fake answer.', end: { status: 'completed' } })
  const after = await walletOf(person)
  expect(before.postedMicros - after.postedMicros).toBe(BigInt(answer.end!.receipt!.chargedMicros))
  expect(after).toMatchObject({ heldMicros: 0n, openHolds: 0 })
  await db.$client.end()
})

it('a generation that this process owns and does not run is ended, unless it is young or runs', async () => {
  const person = await createPerson(database.db)
  const system = systemCtx('test', database.db)
  vendor.setBehavior('silent')
  const [stray, running] = [await startGeneration(person, message()), await startGeneration(person, message())]
  const lost = liveRuns(database.db).byId.get(stray.generationId)!
  liveRuns(database.db).byId.delete(stray.generationId)
  expect(await endStrayRuns(system)).toBe(0)
  await database.db.execute(sql`
    UPDATE generations SET created_at = now() - interval '2 minutes' WHERE running_worker_id = ${workerId()}`)
  expect(await endStrayRuns(system)).toBe(1)
  expect(await endStrayRuns(system)).toBe(0)
  const answer = await readAll(await readEvents(person, stray))
  expect(answer.end).toMatchObject({ status: 'interrupted', receipt: { chargedMicros: '0' } })
  expect(await walletOf(person)).toMatchObject({ openHolds: 1, postedMicros: 10_000_000n })
  const live = liveRuns(database.db).byId.get(running.generationId)!
  live.stop('stopped')
  lost.stop('stopped')
  await Promise.all([live.done, lost.done])
  expect(await walletOf(person)).toMatchObject({ openHolds: 0, postedMicros: 10_000_000n })
  vendor.setBehavior('answer')
})

it('connections that break again and again cost nobody a word or a credit', async () => {
  const db = createDatabase(database.url, 5)
  const person = { ...(await createPerson(database.db)), db }
  const before = await walletOf(person)
  const words = Array.from({ length: 60 }, (_, index) => `word${index} `)
  vendor.setBehavior(answers({ text: words, intervalMs: 20 }))
  const asked = vendor.requests.length
  const started = await startGeneration(person, message())
  const frames = readAll(await readEvents(person, started))
  // Before the vendor is asked a lost connection fails the call, free of charge: that is another story.
  await vendor.arrival(asked)
  for (let times = 0; times < 40; times++) {
    await database.db.execute(sql`
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()`)
    await new Promise((resolve) => setTimeout(resolve, 30))
  }
  const answer = await frames
  expect(answer).toMatchObject({ text: words.join(''), end: { status: 'completed' } })
  const after = await walletOf({ ...person, db: database.db })
  expect(before.postedMicros - after.postedMicros).toBe(BigInt(answer.end!.receipt!.chargedMicros))
  expect(after).toMatchObject({ heldMicros: 0n, openHolds: 0 })
  const stored = await database.db.execute<{ text: string }>(
    sql`SELECT text FROM messages WHERE id = ${started.assistantMessageId}`,
  )
  expect(stored.rows).toEqual([{ text: words.join('') }])
  const log = await database.db.execute<{ seq: number }>(
    sql`SELECT seq FROM generation_events WHERE generation_id = ${started.generationId} ORDER BY seq`,
  )
  expect(log.rows.map(({ seq }) => seq)).toEqual(log.rows.map((_, index) => index + 1))
  vendor.setBehavior('answer')
  await db.$client.end()
})
