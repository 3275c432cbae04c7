import { hostname } from 'node:os'
import { eq, type SQL, sql } from 'drizzle-orm'
import { workers } from '#db/schema/index.ts'
import type { Ctx } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { singleton } from '#lib/singleton.ts'

/** This process's name in the tables: what its holds and runs carry. */
export function workerId(): string {
  return singleton('worker-id', newId)
}

/** Enters this process among the living, or back among them. */
export async function registerWorker(ctx: Ctx): Promise<void> {
  await ctx.db
    .insert(workers)
    .values({ id: workerId(), host: hostname(), pid: process.pid })
    .onConflictDoUpdate({ target: workers.id, set: { heartbeatAt: sql`now()`, stoppedAt: null } })
}

/** Says that this process lives. Whoever has not said so for 30 s is swept. */
export async function heartbeat(ctx: Ctx): Promise<void> {
  const beaten = await ctx.db
    .update(workers)
    .set({ heartbeatAt: sql`now()` })
    .where(eq(workers.id, workerId()))
    .returning({ id: workers.id })
  if (beaten.length === 0) await registerWorker(ctx)
}

/** Says that this process ends and that nothing of it still runs; or another one, that is known to be dead. */
export async function stopWorker(ctx: Ctx, id = workerId()): Promise<void> {
  await ctx.db.update(workers).set({ stoppedAt: sql`now()` }).where(eq(workers.id, id))
}

/**
 * The ids, as a subquery, of workers that will not come back: they said so, or their heartbeat is older than 30 s by
 * the database's clock. A restart of the database stops all heartbeats for a moment and kills nobody. Nor does a
 * process take itself for dead: after a pause of its own (a laptop that slept) its sweep may be quicker than its heart.
 * @param serverStartedAt when the database came up
 */
export function deadWorkers(serverStartedAt: SQL = sql`pg_postmaster_start_time()`): SQL {
  return sql`
    SELECT w.id FROM workers w
    WHERE w.stopped_at IS NOT NULL
      OR (w.id <> ${workerId()} AND now() - greatest(w.heartbeat_at, ${serverStartedAt}) > interval '30 seconds')`
}

/** Forgets workers that ended more than a day ago, once nothing refers to them any more. @returns how many */
export async function forgetWorkers(ctx: Ctx): Promise<number> {
  const result = await ctx.db.execute(sql`
    DELETE FROM workers w
    WHERE coalesce(w.stopped_at, w.heartbeat_at) < now() - interval '1 day' AND w.id IN (${deadWorkers()})
      AND NOT EXISTS (SELECT 1 FROM holds h WHERE h.open_worker_id = w.id)
      AND NOT EXISTS (SELECT 1 FROM generations g WHERE g.running_worker_id = w.id)`)
  return result.rowCount ?? 0
}
