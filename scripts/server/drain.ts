import { setTimeout as wait } from 'node:timers/promises'
import { getDatabase } from '#lib/ctx.ts'
import { log } from '#lib/log.ts'
import { singleton } from '#lib/singleton.ts'
import type { AppServer } from '#scripts/server/http-server.ts'

/**
 * What must be finished before the process ends, such as running answers; registered from inside the application.
 * Each is told how many milliseconds are left.
 */
const shutdownHooks = () => singleton('shutdown-hooks', () => new Set<(limitMs: number) => Promise<void>>())

/** For a question that was on its way, or not yet read, when the process was asked to stop. */
const LAST_QUESTIONS_MS = 1_000
// What the hooks do when the limit is reached (marking answers as interrupted, settling) needs a moment itself,
// and so do those who read these answers.
const GRACE_MS = 3_000
const READERS_MS = 500

/**
 * Ends serving in good order: no connection is accepted any more, each that is open may ask once more for a moment,
 * running answers may finish within the limit, then what is left is broken off and the pool closed.
 */
export async function drain(server: AppServer, limitMs: number): Promise<void> {
  const endsAt = performance.now() + limitMs
  const leftMs = () => Math.max(0, endsAt - performance.now())
  const patienceMs = Math.min(LAST_QUESTIONS_MS, limitMs / 5)
  const closed = server.close(patienceMs)
  await Promise.race([closed, wait(patienceMs)])
  const hooks = Promise.all(
    [...shutdownHooks()].map((hook) =>
      hook(leftMs()).catch((error) => log.error({ err: error }, 'shutdown hook failed')),
    ),
  )
  await Promise.race([Promise.all([hooks, closed]), wait(leftMs())])
  await Promise.race([hooks, wait(GRACE_MS)])
  await Promise.race([closed, wait(READERS_MS)])
  server.closeAllConnections()
  await Promise.race([getDatabase().$client.end(), wait(GRACE_MS)])
}
