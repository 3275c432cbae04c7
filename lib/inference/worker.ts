import { hostname } from 'node:os'
import { eq, sql } from 'drizzle-orm'
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

/** Says that this process ends and that nothing of it still runs. */
export async function stopWorker(ctx: Ctx): Promise<void> {
  await ctx.db.update(workers).set({ stoppedAt: sql`now()` }).where(eq(workers.id, workerId()))
}
