import { eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { workers } from '#db/schema/index.ts'
import { type Ctx, systemCtx } from '#lib/ctx.ts'
import { heartbeat, registerWorker, stopWorker, workerId } from '#lib/inference/index.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'

let database: TestDatabase
let ctx: Ctx
beforeAll(async () => {
  database = await createTestDatabase()
  ctx = systemCtx('test', database.db)
})
afterAll(() => database.close())

const rows = () => database.db.select().from(workers)

it('a process has one name and one row, however often it registers', async () => {
  expect(workerId()).toBe(workerId())
  await registerWorker(ctx)
  await registerWorker(ctx)
  expect(await rows()).toMatchObject([{ id: workerId(), pid: process.pid, stoppedAt: null }])
})

it('its heartbeat moves on, and enters it again when its row is gone', async () => {
  await database.db
    .update(workers)
    .set({ heartbeatAt: sql`now() - interval '1 hour'` })
    .where(eq(workers.id, workerId()))
  const [before] = await rows()
  await heartbeat(ctx)
  const [after] = await rows()
  expect(after!.heartbeatAt.getTime()).toBeGreaterThan(before!.heartbeatAt.getTime())
  await database.db.delete(workers).where(eq(workers.id, workerId()))
  await heartbeat(ctx)
  expect(await rows()).toHaveLength(1)
})

it('it says when it ends, and may come back', async () => {
  await stopWorker(ctx)
  expect((await rows())[0]!.stoppedAt).toBeInstanceOf(Date)
  await registerWorker(ctx)
  expect((await rows())[0]!.stoppedAt).toBeNull()
})
