import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createDatabase } from '#db/client.ts'
import { isDatabaseAway } from '#lib/database-away.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
})

afterAll(() => database.close())

const faultOf = (work: Promise<unknown>) =>
  work.then(
    () => null,
    (error: unknown) => error,
  )

test('a server that refuses connections is away', async () => {
  const nobody = createDatabase('postgres://nobody@127.0.0.1:1/none', 1)
  expect(isDatabaseAway(await faultOf(nobody.execute(sql`SELECT 1`)))).toBe(true)
  await nobody.$client.end()
})

test('a connection that the server ends during a statement is away', async () => {
  const fault = await faultOf(database.db.execute(sql`SELECT pg_terminate_backend(pg_backend_pid())`))
  expect(isDatabaseAway(fault)).toBe(true)
})

test('a faulty statement and a broken rule are no absence', async () => {
  expect(isDatabaseAway(await faultOf(database.db.execute(sql`SELECT nonsense`)))).toBe(false)
  expect(isDatabaseAway(await faultOf(database.db.execute(sql`DELETE FROM transfers`)))).toBe(false)
  expect(isDatabaseAway(new Error('anything else'))).toBe(false)
  expect(isDatabaseAway(undefined)).toBe(false)
})
