import { sql } from 'drizzle-orm'
import type { Ctx } from '#lib/ctx.ts'
import { log } from '#lib/log.ts'

export type Job = {
  name: string
  everyMs: number
  /** Does a bounded piece of work. @returns true when more is waiting */
  work(ctx: Ctx): Promise<boolean>
  /** Only one process of the service does it at a time; the number is the database's advisory lock. */
  clusterLock?: bigint
}

/**
 * Runs a job again and again, never twice at once in this process. A failure is logged and tried again in time.
 * @returns what ends it, once the piece of work under way is done
 */
export function startJob(ctx: Ctx, job: Job): () => Promise<void> {
  let stopped = false
  let timer: NodeJS.Timeout | null = null
  let current: Promise<void> = Promise.resolve()

  const plan = (delayMs: number) => {
    if (stopped) return
    timer = setTimeout(() => {
      current = runOnce(ctx, job).then((hasMore) => plan(hasMore ? 0 : job.everyMs))
    }, delayMs).unref()
  }
  plan(job.everyMs)
  return async () => {
    stopped = true
    if (timer) clearTimeout(timer)
    await current
  }
}

/** @returns true when more work is waiting */
async function runOnce(ctx: Ctx, job: Job): Promise<boolean> {
  try {
    return job.clusterLock === undefined
      ? await job.work(ctx)
      : await withClusterLock(ctx, job.clusterLock, () => job.work(ctx))
  } catch (error) {
    log.error({ err: error, job: job.name }, 'a job failed')
    return false
  }
}

/** The lock lives in a transaction of its own, as sessions are not ours to keep behind a pooler. */
async function withClusterLock(ctx: Ctx, lock: bigint, work: () => Promise<boolean>): Promise<boolean> {
  return ctx.db.transaction(async (tx) => {
    const result = await tx.execute<{ locked: boolean }>(
      sql`SELECT pg_try_advisory_xact_lock(${lock}::bigint) AS locked`,
    )
    return result.rows[0]!.locked ? work() : false
  })
}
