import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.close())

it('a connection lost between two statements of a transaction fails that transaction, and nothing else', async () => {
  const heard: unknown[] = []
  const listen = (error: unknown) => heard.push(error)
  process.on('uncaughtException', listen)
  const lost = database.db.transaction(async (tx) => {
    const { rows } = await tx.execute<{ pid: number }>(sql`SELECT pg_backend_pid() AS pid`)
    const { pid } = rows[0]!
    await database.db.execute(sql`SELECT pg_terminate_backend(${pid})`)
    for (;;) {
      const left = await database.db.execute(sql`SELECT 1 FROM pg_stat_activity WHERE pid = ${pid}`)
      if (left.rows.length === 0) break
    }
    await new Promise((resolve) => setImmediate(resolve))
    await tx.execute(sql`SELECT 1`)
  })
  await expect(lost).rejects.toThrow()
  process.off('uncaughtException', listen)
  expect(heard).toEqual([])
  expect((await database.db.execute(sql`SELECT 1 AS one`)).rows).toEqual([{ one: 1 }])
})
