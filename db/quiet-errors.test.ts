import { inspect } from 'node:util'
import { sql } from 'drizzle-orm'
import pino from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { users } from '#db/schema/index.ts'
import { newId } from '#lib/id.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.close())

const PERSON = { email: 'secret.address@example.com', name: 'Secret Name', passwordHash: '$argon2id$secret-hash' }

/** All that a log, ours or Next's, could write of an error. */
const writtenOf = (error: unknown) =>
  [inspect(error, { depth: 10 }), JSON.stringify(pino.stdSerializers.errWithCause(error as Error))].join('\n')

it.each([
  ['a refused row', () => ({ ...PERSON, id: newId(), role: 'king' as never })],
  ['a value that is taken', () => ({ ...PERSON, id: newId() })],
  ['a value of another type', () => ({ ...PERSON, id: 'no id\nparams: x' })],
])('an error about %s names the statement and the fault, and none of the values', async (_, values) => {
  await database.db
    .insert(users)
    .values({ ...PERSON, id: newId() })
    .onConflictDoNothing()
  const error: unknown = await database.db
    .insert(users)
    .values(values())
    .catch((fault: unknown) => fault)
  const written = writtenOf(error)
  expect(written).toContain('insert into "users"')
  expect(written).toMatch(/users_role_known|users_email_key|22P02/)
  expect(written).not.toMatch(/secret/i)
})

it('nor does an error inside a transaction', async () => {
  const failing = database.db.transaction((tx) => tx.execute(sql`SELECT ${'secret words'} FROM nowhere`))
  const written = writtenOf(await failing.catch((fault: unknown) => fault))
  expect(written).toContain('42P01')
  expect(written).not.toContain('secret words')
})
