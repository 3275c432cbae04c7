import { eq, type SQL, sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { workers } from '#db/schema/index.ts'
import { type Ctx, systemCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { deadWorkers, forgetWorkers, heartbeat, registerWorker, stopWorker, workerId } from '#lib/inference/index.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { createPayer } from '#tests/support/paid-call.ts'

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

const addWorker = async (heartbeatAgo: string, stoppedAgo: string | null = null) => {
  const id = newId()
  await database.db.execute(sql`
    INSERT INTO workers (id, host, pid, heartbeat_at, stopped_at)
    VALUES (${id}, 'elsewhere', 1, now() - ${heartbeatAgo}::interval, now() - ${stoppedAgo}::interval)`)
  return id
}
const dead = async (serverStartedAt?: SQL) =>
  new Set((await database.db.execute<{ id: string }>(deadWorkers(serverStartedAt))).rows.map(({ id }) => id))

it('who has not said for 30 s that it lives is dead, and who has said that it ends', async () => {
  const [late, punctual, stopped] = [await addWorker('31 s'), await addWorker('25 s'), await addWorker('0 s', '0 s')]
  const found = await dead(sql`'-infinity'::timestamptz`)
  expect([late, punctual, stopped].map((id) => found.has(id))).toEqual([true, false, true])
})

it('a restart of the database gives everybody 30 s to say so again', async () => {
  const late = await addWorker('1 hour')
  expect((await dead(sql`now() - interval '29 s'`)).has(late)).toBe(false)
  expect((await dead(sql`now() - interval '31 s'`)).has(late)).toBe(true)
  // Without a word about it, it is the server's own start that counts.
  const { rows } = await database.db.execute<{ up: boolean }>(
    sql`SELECT now() - pg_postmaster_start_time() > interval '30 seconds' AS up`,
  )
  expect((await dead()).has(late)).toBe(rows[0]!.up)
})

it('nobody takes itself for dead, however long it slept', async () => {
  await database.db
    .update(workers)
    .set({ heartbeatAt: sql`now() - interval '1 hour'` })
    .where(eq(workers.id, workerId()))
  expect((await dead(sql`'-infinity'::timestamptz`)).has(workerId())).toBe(false)
  await stopWorker(ctx)
  expect((await dead(sql`'-infinity'::timestamptz`)).has(workerId())).toBe(true)
  await registerWorker(ctx)
})

it('who ended over a day ago is forgotten, unless something still refers to it', async () => {
  await database.db.delete(workers)
  await registerWorker(ctx)
  const [long, recent] = [await addWorker('2 days', '25 hours'), await addWorker('2 days', '23 hours')]
  const holding = await addWorker('2 days', '2 days')
  const payer = await createPayer(database.db)
  await database.db.execute(sql`
    SELECT * FROM ledger_hold(${newId()}, ${payer.walletId}, ${payer.userId}, 10, 10, 5, ${holding}, '\\x00'::bytea)`)
  expect(await forgetWorkers(ctx)).toBe(1)
  const left = (await rows()).map(({ id }) => id)
  expect(left.sort()).toEqual([workerId(), recent, holding].sort())
  expect(left).not.toContain(long)
})
