import cluster from 'node:cluster'
import { getEnv } from '#lib/env.ts'
import { newId } from '#lib/id.ts'
import { singleton } from '#lib/singleton.ts'
import type { Application } from '#scripts/server/http-server.ts'
import { serveHere } from '#scripts/server/process.ts'

/**
 * Serves as one of several processes that share a port, until the one that runs them says otherwise or is gone.
 * @param prepare makes the application
 */
export async function serveAsWorker(prepare: () => Promise<Application>): Promise<void> {
  // The primary hears the terminal's Ctrl-C too and decides for all of its workers.
  for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined)
  await serveHere({ env: getEnv(), prepare, signals: ['SIGTERM'] })
  // With its primary a worker would end at once; what it is doing may end as if it had been asked to stop.
  process.prependOnceListener('disconnect', () => {
    if (cluster.worker) cluster.worker.exitedAfterDisconnect = true
  })
  // The name that this process goes by in the database.
  process.send?.({ type: 'ready', workerId: singleton('worker-id', newId) })
}
