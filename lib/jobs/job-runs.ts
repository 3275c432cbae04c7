import { sql } from 'drizzle-orm'
import { jobRuns } from '#db/schema/index.ts'
import type { Ctx } from '#lib/ctx.ts'

const ERROR_LENGTH = 300
const SUCCESS_EVERY_MS = 60_000

/** What this process last wrote of a job. */
export type RunNotes = { failing: boolean; writtenAt: number } | undefined

/**
 * Puts on record how a job fared, for the operator: each failure, and of successes the first after one and then one a
 * minute. A database that is away is no news that could be written.
 * @param notes what the last call for this job returned in this process
 */
export async function noteRun(
  ctx: Ctx,
  { name, error, notes }: { name: string; error?: unknown; notes?: RunNotes },
): Promise<RunNotes> {
  const failing = error !== undefined
  const now = performance.now()
  if (!failing && notes && !notes.failing && now - notes.writtenAt < SUCCESS_EVERY_MS) return notes
  try {
    await (failing ? writeFailure(ctx, name, messageOf(error)) : writeSuccess(ctx, name))
    return { failing, writtenAt: now }
  } catch {
    return undefined
  }
}

async function writeFailure(ctx: Ctx, name: string, message: string): Promise<void> {
  await ctx.db
    .insert(jobRuns)
    .values({ name, failedAt: sql`now()`, error: message, failures: 1 })
    .onConflictDoUpdate({
      target: jobRuns.name,
      set: { failedAt: sql`now()`, error: message, failures: sql`least(${jobRuns.failures}, 2147483646) + 1` },
    })
}

async function writeSuccess(ctx: Ctx, name: string): Promise<void> {
  await ctx.db
    .insert(jobRuns)
    .values({ name, succeededAt: sql`now()` })
    .onConflictDoUpdate({ target: jobRuns.name, set: { succeededAt: sql`now()`, failures: 0 } })
}

/** The first cause's own words: what wraps it quotes whole statements. */
function messageOf(error: unknown): string {
  let cause = error
  while (cause instanceof Error && cause.cause instanceof Error) cause = cause.cause
  return (cause instanceof Error ? cause.message || cause.name : String(cause)).slice(0, ERROR_LENGTH)
}
