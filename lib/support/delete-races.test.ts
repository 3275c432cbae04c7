import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readEvents, startGeneration } from '#lib/chat/index.ts'
import { systemCtx, type UserCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { verifyLedger } from '#lib/ledger/index.ts'
import { deletePerson } from '#lib/support/index.ts'
import { createUser, getUser } from '#lib/users/index.ts'
import { inSnapshot } from '#lib/verification.ts'
import { createModel, createPerson, readAll } from '#tests/support/chat.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { type FakeVendor, startFakeVendor } from '#tests/support/fake-vendor.ts'

const ROUNDS = 8

let database: TestDatabase
let vendor: FakeVendor
let modelId: string
let admin: UserCtx

beforeAll(async () => {
  database = await createTestDatabase({ poolMax: 20 })
  vendor = await startFakeVendor()
  modelId = await createModel(database.db, vendor.url)
  const system = systemCtx('test', database.db)
  const userId = await createUser(system, { email: 'boss@example.com', name: 'B', passwordHash: null, role: 'admin' })
  admin = { db: database.db, actor: { type: 'user', userId, role: 'admin', sessionId: newId() } }
})
afterAll(async () => {
  await vendor.close()
  await database.close()
})

const ask = (ctx: UserCtx, parent: { conversationId: string; parentId: string } | null) =>
  startGeneration(ctx, {
    requestId: newId(),
    conversationId: parent?.conversationId ?? newId(),
    parentId: parent?.parentId ?? null,
    text: 'Are you there?',
    modelId,
  })

/** Lets an answer that was begun come to its end. */
const finish = async (ctx: UserCtx, { generationId }: { generationId: string }) =>
  readAll(await readEvents(ctx, { generationId }))

it('a person who asks while they are deleted is deleted or answered, and nothing waits for the other', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const person = await createPerson(database.db)
    const { userId } = person.actor
    const { email } = await getUser(admin, { userId })
    const first = await ask(person, null)
    await finish(person, first)
    const known = { conversationId: first.conversationId, parentId: first.assistantMessageId }
    const [deleted, ...asked] = await Promise.allSettled([
      deletePerson(admin, { userId, email, reason: 'for the test' }),
      ask(person, null),
      ask(person, round % 2 === 0 ? known : null),
    ])
    const begun = asked.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    if (deleted.status === 'rejected') {
      expect(deleted.reason).toMatchObject({ code: 'answers_running' })
      expect(begun.length).toBeGreaterThan(0)
      for (const generation of begun) expect((await finish(person, generation)).frames.length).toBeGreaterThan(0)
      await deletePerson(admin, { userId, email, reason: 'for the test' })
    }
    const { rows } = await database.db.execute(sql`
      SELECT (SELECT count(*) FROM users WHERE id = ${userId}) AS people,
        (SELECT count(*) FROM messages WHERE user_id = ${userId}) AS messages,
        (SELECT posted_micros + held_micros + open_holds FROM wallets w JOIN accounts a ON a.id = w.id
         WHERE a.owner_id = ${userId}) AS left`)
    expect(rows).toEqual([{ people: 0n, messages: 0n, left: 0n }])
    for (const one of asked) {
      if (one.status === 'rejected') expect(String(one.reason?.cause ?? one.reason)).not.toMatch(/deadlock/)
    }
  }
  const results = await inSnapshot(systemCtx('test', database.db), (ctx) => verifyLedger(ctx))
  expect(results.filter(({ differences }) => differences > 0)).toEqual([])
})
