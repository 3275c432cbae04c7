import { setTimeout as wait } from 'node:timers/promises'
import { getDatabase } from '#lib/ctx.ts'
import { log } from '#lib/log.ts'
import { singleton } from '#lib/singleton.ts'
import type { AppServer } from '#scripts/server/http-server.ts'

/** What must be finished before the process ends, such as running answers; registered from inside the application. */
const shutdownHooks = () => singleton('shutdown-hooks', () => new Set<() => Promise<void>>())

// What the hooks do when the limit is reached (marking answers as interrupted, settling) needs a moment itself.
const GRACE_MS = 3_000

/**
 * Ends serving in good order: nothing new is accepted, running answers may finish within the limit,
 * then what is left is broken off and the pool closed.
 */
export async function drain(server: AppServer, limitMs: number): Promise<void> {
  const closed = server.close()
  const hooks = Promise.all(
    [...shutdownHooks()].map((hook) => hook().catch((error) => log.error({ err: error }, 'shutdown hook failed'))),
  )
  await Promise.race([Promise.all([hooks, closed]), wait(limitMs)])
  await Promise.race([hooks, wait(GRACE_MS)])
  server.closeAllConnections()
  await Promise.race([getDatabase().$client.end(), wait(GRACE_MS)])
}
