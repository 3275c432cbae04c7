import { afterAll, beforeAll, expect, it } from 'vitest'
import { checkHealth } from '#lib/health.ts'
import { asAdmin } from '#tests/support/cluster.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.close())

it('is well with its database and this release’s schema', async () => {
  expect(await checkHealth(database.db, database.url)).toMatchObject({ ok: true, database: 'ok', migrations: 'ok' })
  expect(await checkHealth(database.db, database.url)).toMatchObject({ ok: true })
})

it('names a schema that is behind', async () => {
  const behind = await createTestDatabase()
  await asAdmin(behind.ownerUrl, (client) => client.query('DELETE FROM drizzle.__drizzle_migrations'))
  expect(await checkHealth(behind.db, behind.url)).toMatchObject({ ok: false, database: 'ok', migrations: 'missing' })
  await behind.close()
})

it('names a database that is gone', async () => {
  const gone = await createTestDatabase()
  await gone.close()
  expect(await checkHealth(gone.db, gone.url)).toMatchObject({ ok: false, database: 'down', migrations: 'unknown' })
})
