import { sql } from 'drizzle-orm'
import type { Database, Transaction } from '#db/client.ts'
import { type Ctx, inTransaction } from '#lib/ctx.ts'
import { log } from '#lib/log.ts'
import { noteRun, type RunNotes } from './job-runs.ts'

export type Job = {
  name: string
  everyMs: number
  /** Does a bounded piece of work. @returns true when more is waiting */
  work(ctx: Ctx & { db: Database }): Promise<boolean>
  clusterLock?: undefined
}

/** A job that only one process of the service does at a time. */
export type ClusterJob = {
  name: string
  everyMs: number
  /** The number of the database's advisory lock. */
  clusterLock: bigint
  /**
   * Does a bounded piece of work within the transaction that holds the lock: a second connection could be waited for
   * by as many jobs as the pool has connections. @returns true when more is waiting
   */
  work(ctx: Ctx & { db: Transaction }): Promise<boolean>
}

/**
 * Runs a job again and again, never twice at once in this process. A failure is logged, put on record for the operator
 * and tried again in time.
 * @returns what ends it, once the piece of work under way is done
 */
export function startJob(ctx: Ctx & { db: Database }, job: Job | ClusterJob): () => Promise<void> {
  let stopped = false
  let timer: NodeJS.Timeout | null = null
  let current: Promise<void> = Promise.resolve()
  let notes: RunNotes

  const work = async (): Promise<boolean> => {
    const { name } = job
    try {
      const outcome = await workOnce(ctx, job)
      if (outcome !== 'elsewhere') notes = await noteRun(ctx, { name, notes })
      return outcome === 'more'
    } catch (error) {
      log.error({ err: error, job: name }, 'a job failed')
      notes = await noteRun(ctx, { name, notes, error })
      return false
    }
  }
  const plan = (delayMs: number) => {
    if (stopped) return
    timer = setTimeout(() => {
      current = work().then((hasMore) => plan(hasMore ? 0 : job.everyMs))
    }, delayMs).unref()
  }
  plan(job.everyMs)
  return async () => {
    stopped = true
    if (timer) clearTimeout(timer)
    await current
  }
}

/** `elsewhere`: another process is at it. */
type Outcome = 'more' | 'done' | 'elsewhere'

async function workOnce(ctx: Ctx & { db: Database }, job: Job | ClusterJob): Promise<Outcome> {
  if (job.clusterLock !== undefined) return workUnderLock(ctx, job)
  return (await job.work(ctx)) ? 'more' : 'done'
}

/** The lock lives in a transaction, as sessions are not ours to keep behind a pooler. */
function workUnderLock(ctx: Ctx & { db: Database }, job: ClusterJob): Promise<Outcome> {
  return inTransaction(ctx, async (tx) => {
    const result = await tx.db.execute<{ locked: boolean }>(
      sql`SELECT pg_try_advisory_xact_lock(${job.clusterLock}::bigint) AS locked`,
    )
    if (!result.rows[0]!.locked) return 'elsewhere'
    return (await job.work(tx)) ? 'more' : 'done'
  })
}
