import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ADVISORY_LOCKS } from '#db/advisory-locks.ts'
import { createDatabase, type Database, runTransaction } from '#db/client.ts'
import { systemCtx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { workerId } from '#lib/inference/index.ts'
import { singleton } from '#lib/singleton.ts'
import { createTestDatabase, type TestDatabase } from '#tests/support/database.ts'
import { createPayer } from '#tests/support/paid-call.ts'
import { startJobs } from './index.ts'
import { noteRun } from './job-runs.ts'
import { type ClusterJob, startJob } from './schedule.ts'

let database: TestDatabase
let elsewhere: Database

beforeAll(async () => {
  database = await createTestDatabase()
  elsewhere = createDatabase(database.url, 3)
})

afterAll(async () => {
  await elsewhere.$client.end()
  await database.close()
})

/** Work that counts, and a promise for when it was done so many times. */
function countingWork(times: number, piece: (run: number) => Promise<boolean>) {
  const state = { runs: 0, active: 0, mostAtOnce: 0 }
  let reach: () => void = () => undefined
  const reached = new Promise<void>((resolve) => {
    reach = resolve
  })
  const work = async () => {
    state.runs++
    state.active++
    state.mostAtOnce = Math.max(state.mostAtOnce, state.active)
    try {
      return await piece(state.runs)
    } finally {
      state.active--
      if (state.runs >= times) reach()
    }
  }
  return { state, reached, work }
}

describe('startJob', () => {
  it('does its work again and again, one piece at a time, and survives a failure', async () => {
    const { state, reached, work } = countingWork(4, async (run) => {
      if (run === 1) throw new Error('the database went away')
      await database.db.execute(sql`SELECT 1`)
      return run === 2
    })
    const stop = startJob(systemCtx('test', database.db), { name: 'test', everyMs: 1, work })
    await reached
    await stop()
    const { runs } = state
    await database.db.execute(sql`SELECT 1`)
    expect(state).toMatchObject({ runs, active: 0, mostAtOnce: 1 })
  })

  it('is done by one process at a time under a cluster lock', async () => {
    const { state, reached, work } = countingWork(8, async () => {
      for (let i = 0; i < 5; i++) await database.db.execute(sql`SELECT 1`)
      return true
    })
    const stops = [database.db, elsewhere].map((db) =>
      startJob(systemCtx('test', db), { name: 'test', everyMs: 1, clusterLock: 42n, work }),
    )
    await reached
    await Promise.all(stops.map((stop) => stop()))
    expect(state.mostAtOnce).toBe(1)
  })

  it('needs one connection for a job under a lock, however small the pool is', async () => {
    const small = createDatabase(database.url, 1)
    let runs = 0
    let reach: () => void = () => undefined
    const reached = new Promise<void>((resolve) => {
      reach = resolve
    })
    const job = (name: string, clusterLock: bigint): ClusterJob => ({
      name,
      everyMs: 1,
      clusterLock,
      work: async (ctx) => {
        await ctx.db.execute(sql`SELECT 1`)
        if (++runs >= 6) reach()
        return false
      },
    })
    const stops = [job('one', 43n), job('two', 44n)].map((each) => startJob(systemCtx('test', small), each))
    await reached
    await Promise.all(stops.map((stop) => stop()))
    await small.$client.end()
  })
})

describe('how a job fares', () => {
  const read = async (name: string) =>
    (await database.db.execute<Record<string, unknown>>(sql`SELECT * FROM job_runs WHERE name = ${name}`)).rows[0]

  it('is on record: each failure with its cause, and the success that ends it', async () => {
    const ctx = systemCtx('test', database.db)
    const broken = () => database.db.execute(sql`SELECT * FROM nowhere`)
    const failure = await broken().catch((error: unknown) => error)
    let notes = await noteRun(ctx, { name: 'noted' })
    expect(await read('noted')).toMatchObject({ failed_at: null, error: null, failures: 0 })
    notes = await noteRun(ctx, { name: 'noted', notes, error: failure })
    notes = await noteRun(ctx, { name: 'noted', notes, error: new Error('x'.repeat(400)) })
    expect(await read('noted')).toMatchObject({ failures: 2, error: 'x'.repeat(300) })
    notes = await noteRun(ctx, { name: 'noted', notes, error: failure })
    expect(await read('noted')).toMatchObject({ failures: 3, error: 'relation "nowhere" does not exist' })
    notes = await noteRun(ctx, { name: 'noted', notes })
    const ended = await read('noted')
    expect(ended).toMatchObject({ failures: 0, error: 'relation "nowhere" does not exist' })
    expect(new Date(String(ended!.succeeded_at)) >= new Date(String(ended!.failed_at))).toBe(true)
  })

  it('costs a statement a minute while it works', async () => {
    const ctx = systemCtx('test', database.db)
    const notes = await noteRun(ctx, { name: 'steady' })
    const first = await read('steady')
    expect(await noteRun(ctx, { name: 'steady', notes })).toBe(notes)
    expect(await read('steady')).toEqual(first)
    await noteRun(ctx, { name: 'steady', notes: { failing: false, writtenAt: performance.now() - 60_001 } })
    expect(await read('steady')).not.toEqual(first)
  })

  it('is not worth a second failure when the database is away', async () => {
    const away = createDatabase('postgresql://127.0.0.1:1/nowhere', 1)
    expect(await noteRun(systemCtx('test', away), { name: 'lost', error: new Error('away') })).toBeUndefined()
    await away.$client.end()
  })

  it('is written by the schedule, and by nobody for a job that another process has', async () => {
    const { reached, work } = countingWork(3, async (run) => {
      if (run < 3) throw new Error(`failed ${run}`)
      return false
    })
    const stop = startJob(systemCtx('test', database.db), { name: 'scheduled', everyMs: 1, work })
    await reached
    await stop()
    expect(await read('scheduled')).toMatchObject({ error: 'failed 2', failures: 0 })

    await runTransaction(database.db, async (tx) => {
      await tx.execute(sql`SELECT pg_advisory_xact_lock(45)`)
      const turns = countingWork(1, async () => false)
      const other = countingWork(3, async () => false)
      const job = { name: 'elsewhere', everyMs: 1, clusterLock: 45n, work: turns.work }
      const stops = [job, { name: 'beside', everyMs: 1, work: other.work }].map((each) =>
        startJob(systemCtx('test', elsewhere), each as ClusterJob),
      )
      await other.reached
      await Promise.all(stops.map((end) => end()))
      expect(turns.state.runs).toBe(0)
    })
    expect(await read('elsewhere')).toBeUndefined()
  })
})

it('no two advisory locks share a number', () => {
  const numbers = Object.values(ADVISORY_LOCKS)
  expect(new Set(numbers).size).toBe(numbers.length)
})

describe('startJobs', () => {
  it('enters the process among the workers, takes over from one that died, and leaves when it has drained', async () => {
    singleton('database', () => database.db)
    await Promise.all([startJobs(), startJobs()])
    const read = () =>
      database.db.execute(sql`SELECT stopped_at IS NOT NULL AS stopped FROM workers WHERE id = ${workerId()}`)
    expect((await read()).rows).toEqual([{ stopped: false }])

    // The process that runs this one has seen another die.
    const lost = newId()
    const payer = await createPayer(database.db)
    await database.db.execute(sql`INSERT INTO workers (id, host, pid) VALUES (${lost}, 'here', 1)`)
    await database.db.execute(sql`
      SELECT * FROM ledger_hold(${newId()}, ${payer.walletId}, ${payer.userId}, 10, 10, 5, ${lost}, '\\x00'::bytea)`)
    process.emit('message', { type: 'died', workerId: lost }, undefined)
    const isHeld = async () => {
      const { rows } = await database.db.execute(sql`SELECT 1 FROM holds WHERE open_worker_id = ${lost}`)
      return rows.length > 0
    }
    while (await isHeld());
    expect((await read()).rows).toEqual([{ stopped: false }])

    const hooks = singleton('shutdown-hooks', () => new Set<(limitMs: number) => Promise<void>>())
    expect(hooks.size).toBe(1)
    for (const hook of hooks) await hook(0)
    expect((await read()).rows).toEqual([{ stopped: true }])
  })
})
