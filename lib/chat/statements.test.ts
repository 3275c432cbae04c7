import { afterAll, beforeAll, expect, it } from 'vitest'
import { createDatabase, type Database } from '#db/client.ts'
import { newId } from '#lib/id.ts'
import { createModel, createPerson, readAll } from '#tests/support/chat.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { type FakeVendor, startFakeVendor } from '#tests/support/fake-vendor.ts'
import { readEvents, startGeneration } from './index.ts'
import { liveRuns } from './live-runs.ts'

let database: TestDatabase
let vendor: FakeVendor
let counted: Database
const statements: string[] = []

beforeAll(async () => {
  database = await createTestDatabase()
  vendor = await startFakeVendor()
  counted = createDatabase(database.url, 5)
  counted.$client.on('connect', (client) => {
    const query = client.query.bind(client) as (...args: unknown[]) => unknown
    const counting = (...args: unknown[]) => {
      const [statement] = args as [{ text?: string } | string]
      statements.push(typeof statement === 'string' ? statement : (statement.text ?? ''))
      return query(...args)
    }
    client.query = counting as unknown as typeof client.query
  })
})
afterAll(async () => {
  await counted.$client.end()
  await vendor.close()
  await database.close()
})

/** What was sent since the last call: begin and commit, and what belongs neither to the start nor to the end, left out. */
function takeStatements(): string[] {
  const taken = statements.splice(0).map((text) => text.trim())
  const others = [/^(begin|commit)$/i, /^WITH runs AS/, /from "channel_models"/]
  return taken.filter((text) => !others.some((other) => other.test(text)))
}

/** The start looks at history (of a conversation that has one), writes, reads the terms and holds; the end writes and pays. */
it('a message costs three statements to start, four when it follows another, and two to end', async () => {
  const modelId = await createModel(database.db, vendor.url)
  const person = { ...(await createPerson(database.db)), db: counted }
  const conversationId = newId()
  const send = async (parentId: string | null) => {
    const request = { requestId: newId(), conversationId, parentId, text: 'count', modelId }
    takeStatements()
    const started = await startGeneration(person, request)
    const start = takeStatements()
    const frames = await readEvents(person, started)
    await readAll(frames)
    await liveRuns(counted).byId.get(started.generationId)?.done
    return { started, start, end: takeStatements() }
  }
  // The wallet's id is looked up once.
  const first = await send(null)
  const second = await send(first.started.assistantMessageId)
  expect(second.start).toHaveLength(4)
  expect(second.end).toHaveLength(2)
  const third = await send(null)
  expect(third.start).toHaveLength(3)
  expect(third.end).toHaveLength(2)
})
