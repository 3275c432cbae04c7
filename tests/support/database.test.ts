import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { missingMigrations } from '#db/migrate.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'

let one: TestDatabase
let two: TestDatabase

beforeAll(async () => {
  ;[one, two] = await Promise.all([createTestDatabase(), createTestDatabase()])
})

afterAll(async () => {
  await Promise.all([one.close(), two.close()])
})

test('a test database is migrated and belongs to one test file alone', async () => {
  expect(await missingMigrations(one.url)).toEqual([])
  const names = await Promise.all([one, two].map(({ db }) => db.execute(sql`SELECT current_database() AS name`)))
  expect(names[0]?.rows[0]?.name).not.toBe(names[1]?.rows[0]?.name)
})

test('the application connects as a role that may not touch the ledger', async () => {
  await expect(one.db.execute(sql`DELETE FROM transfers`)).rejects.toMatchObject({ cause: { code: '42501' } })
})
