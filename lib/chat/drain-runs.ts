import { setTimeout as wait } from 'node:timers/promises'
import { getDatabase } from '#lib/ctx.ts'
import { liveRuns } from './live-runs.ts'

/**
 * Ends what runs in this process before it exits: nothing new starts, running answers may finish within the limit,
 * the rest is broken off, kept as far as it came, and settled as interrupted.
 */
export async function drainRuns(limitMs: number, db = getDatabase()): Promise<void> {
  const state = liveRuns(db)
  state.draining = true
  const running = () => [...state.byId.values()]
  const allDone = () => Promise.all(running().map((run) => run.done))
  const timer = new AbortController()
  await Promise.race([allDone(), wait(limitMs, undefined, { signal: timer.signal }).catch(() => undefined)])
  timer.abort()
  for (const run of running()) run.stop('shutdown')
  await allDone()
}
