import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Database } from '#db/client.ts'
import { newId } from '#lib/id.ts'
import { createModel, createPerson, readAll } from '#tests/support/chat.ts'
import { createCountedDatabase } from '#tests/support/counted-database.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { type FakeVendor, startFakeVendor } from '#tests/support/fake-vendor.ts'
import { readEvents, retryGeneration, type StartedGeneration, startGeneration } from './index.ts'
import { liveRuns } from './live-runs.ts'

let database: TestDatabase
let vendor: FakeVendor
let counted: Database
let take: () => string[]

beforeAll(async () => {
  database = await createTestDatabase()
  vendor = await startFakeVendor()
  const pool = createCountedDatabase(database.url)
  counted = pool.db
  take = pool.take
})
afterAll(async () => {
  await counted.$client.end()
  await vendor.close()
  await database.close()
})

/** What was sent since the last call, without what belongs neither to the start nor to the end. */
function takeStatements(): string[] {
  const others = [/^WITH runs AS/, /from "channel_models"/]
  return take().filter((text) => !others.some((other) => other.test(text)))
}

/** The start reads the terms (and the history, when there is one), writes and holds; the end writes and pays. */
it('a message costs three statements to start, a retry too, and two to end', async () => {
  const modelId = await createModel(database.db, vendor.url)
  const person = { ...(await createPerson(database.db)), db: counted }
  const conversationId = newId()
  const follow = async (start: () => Promise<StartedGeneration>) => {
    takeStatements()
    const started = await start()
    const statements = takeStatements()
    const frames = await readEvents(person, started)
    await readAll(frames)
    await liveRuns(counted).byId.get(started.generationId)?.done
    return { started, start: statements, end: takeStatements() }
  }
  const send = (parentId: string | null) =>
    follow(() => startGeneration(person, { requestId: newId(), conversationId, parentId, text: 'count', modelId }))
  // The wallet's id is looked up once.
  const first = await send(null)
  const second = await send(first.started.assistantMessageId)
  expect(second.start).toHaveLength(3)
  expect(second.end).toHaveLength(2)
  const { assistantMessageId: messageId } = second.started
  const retried = await follow(() => retryGeneration(person, { requestId: newId(), messageId }))
  expect(retried.start).toHaveLength(3)
  expect(retried.end).toHaveLength(2)
  const third = await send(null)
  expect(third.start).toHaveLength(3)
  expect(third.end).toHaveLength(2)
})
