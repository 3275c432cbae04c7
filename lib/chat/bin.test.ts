import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { Database } from '#db/client.ts'
import { type Ctx, systemCtx, type UserCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { setSetting } from '#lib/settings/index.ts'
import { createModel, createPerson, readAll, readUntil } from '#tests/support/chat.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { type FakeVendor, startFakeVendor, startsThen } from '#tests/support/fake-vendor.ts'
import { purgeBin } from './bin.ts'
import { deleteConversation, readEvents, restoreConversation, startGeneration, stopGeneration } from './index.ts'

let database: TestDatabase
let vendor: FakeVendor
let modelId: string
let system: Ctx
let person: UserCtx & { db: Database }
beforeAll(async () => {
  database = await createTestDatabase()
  system = systemCtx('test', database.db)
  vendor = await startFakeVendor()
  modelId = await createModel(database.db, vendor.url)
})
afterAll(async () => {
  await vendor.close()
  await database.close()
})
beforeEach(async () => {
  vendor.setBehavior('answer')
  await setSetting(system, { key: 'bin_days', value: 30 })
  await database.db.execute(sql`DELETE FROM conversations`)
  person = await createPerson(database.db)
})

async function converse() {
  const started = await startGeneration(person, {
    requestId: newId(),
    conversationId: newId(),
    parentId: null,
    text: 'Hi',
    modelId,
  })
  await readAll(await readEvents(person, { generationId: started.generationId }))
  return started
}
/** Puts it into the bin some days ago. */
async function bin(conversationId: string, days: number) {
  await deleteConversation(person, { conversationId })
  await database.db.execute(sql`
    UPDATE conversations SET deleted_at = now() - make_interval(days => ${days}, mins => 1) WHERE id = ${conversationId}`)
}
const rowsOf = async (conversationId: string) => {
  const { rows } = await database.db.execute(sql`
    SELECT (SELECT count(*)::int FROM conversations WHERE id = ${conversationId}) AS conversations,
      (SELECT count(*)::int FROM messages WHERE conversation_id = ${conversationId}) AS messages,
      (SELECT count(*)::int FROM generations WHERE conversation_id = ${conversationId}) AS generations,
      (SELECT count(*)::int FROM usage_records WHERE conversation_id = ${conversationId}) AS receipts`)
  return rows[0]
}
const WHOLE = { conversations: 1, messages: 2, generations: 1, receipts: 1 }
const GONE = { conversations: 0, messages: 0, generations: 0, receipts: 1 }

it('deletes what has lain there too long, words and all, and leaves the receipts', async () => {
  const [old, young, restored, kept] = [await converse(), await converse(), await converse(), await converse()]
  await bin(old.conversationId, 30)
  await bin(young.conversationId, 29)
  await bin(restored.conversationId, 90)
  await restoreConversation(person, { conversationId: restored.conversationId })
  expect(await purgeBin(system)).toEqual({ deleted: 1, hasMore: false })
  expect(await rowsOf(old.conversationId)).toEqual(GONE)
  for (const { conversationId } of [young, restored, kept]) expect(await rowsOf(conversationId)).toEqual(WHOLE)
  expect(await purgeBin(system)).toEqual({ deleted: 0, hasMore: false })
})

it('follows the setting, and keeps all when it says so', async () => {
  const { conversationId } = await converse()
  await bin(conversationId, 400)
  await setSetting(system, { key: 'bin_days', value: null })
  expect(await purgeBin(system)).toMatchObject({ deleted: 0 })
  await setSetting(system, { key: 'bin_days', value: 401 })
  expect(await purgeBin(system)).toMatchObject({ deleted: 0 })
  await setSetting(system, { key: 'bin_days', value: 1 })
  expect(await purgeBin(system)).toMatchObject({ deleted: 1 })
  expect(await rowsOf(conversationId)).toEqual(GONE)
})

it('works in batches and says whether more is waiting', async () => {
  const { userId } = person.actor
  await database.db.execute(sql`
    INSERT INTO conversations (user_id, id, title, deleted_at)
    SELECT ${userId}, gen_random_uuid(), 'old', now() - interval '99 days' FROM generate_series(1, 25)`)
  expect(await purgeBin(system)).toEqual({ deleted: 20, hasMore: true })
  expect(await purgeBin(system)).toEqual({ deleted: 5, hasMore: false })
})

it('waits for an answer that is still being written', async () => {
  vendor.setBehavior(startsThen({ text: ['One'] }, 'stall'))
  const started = await startGeneration(person, {
    requestId: newId(),
    conversationId: newId(),
    parentId: null,
    text: 'Hi',
    modelId,
  })
  await readUntil(await readEvents(person, { generationId: started.generationId }), ({ text }) => text === 'One')
  await bin(started.conversationId, 99)
  expect(await purgeBin(system)).toMatchObject({ deleted: 0 })
  await stopGeneration(person, { generationId: started.generationId })
  await readAll(await readEvents(person, { generationId: started.generationId }))
  expect(await purgeBin(system)).toMatchObject({ deleted: 1 })
  expect(await rowsOf(started.conversationId)).toEqual(GONE)
})

it('is not for people', async () => {
  await expect(purgeBin(person)).rejects.toMatchObject({ code: 'forbidden' })
})
