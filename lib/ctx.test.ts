import { sql } from 'drizzle-orm'
import type { PoolClient } from 'pg'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createDatabase, type Database } from '#db/client.ts'
import { inTransaction, systemCtx } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'

let database: TestDatabase
let db: Database

beforeAll(async () => {
  database = await createTestDatabase()
})
beforeEach(() => {
  // One connection: whoever keeps it keeps everybody.
  db = createDatabase(database.url, 1)
})
afterAll(() => database.close())

const breakConnection = (client: PoolClient) =>
  (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy()
const ask = async () => (await db.execute<{ one: number }>(sql`SELECT 1 AS one`)).rows

test('a connection that is lost before the transaction begins goes back to the pool', async () => {
  const ctx = systemCtx('test', db)
  db.$client.once('acquire', breakConnection)
  await expect(inTransaction(ctx, ({ db: tx }) => tx.execute(sql`SELECT 1`))).rejects.toThrow()
  expect(await ask()).toEqual([{ one: 1 }])
  await db.$client.end()
})

test('a connection that is lost inside a transaction goes back, and the failure is the one that happened first', async () => {
  const ctx = systemCtx('test', db)
  const clients: PoolClient[] = []
  db.$client.once('acquire', (client) => clients.push(client))
  const refused = inTransaction(ctx, async () => {
    breakConnection(clients[0]!)
    throw new AppError('conflict')
  })
  await expect(refused).rejects.toMatchObject({ code: 'conflict' })
  expect(await ask()).toEqual([{ one: 1 }])
  await db.$client.end()
})

test('what fails is undone, and an inner piece of work joins the outer commit', async () => {
  const ctx = systemCtx('test', db)
  const insert = sql`INSERT INTO settings (key, value) VALUES ('probe', '1')`
  await expect(
    inTransaction(ctx, async (outer) => {
      await inTransaction(outer, (inner) => inner.db.execute(insert))
      throw new AppError('conflict')
    }),
  ).rejects.toMatchObject({ code: 'conflict' })
  expect((await db.execute(sql`SELECT 1 FROM settings WHERE key = 'probe'`)).rows).toEqual([])
  await db.$client.end()
})
