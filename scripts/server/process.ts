import type { ServerEnv } from '#lib/env.ts'
import { drain } from '#scripts/server/drain.ts'
import { type Application, type AppServer, startAppServer } from '#scripts/server/http-server.ts'
import { onStopRequest } from '#scripts/signals.ts'

type ServeOptions = {
  env: ServerEnv
  prepare(): Promise<Application>
  /** Which signals ask this process to stop. */
  signals: readonly NodeJS.Signals[]
}

/**
 * Serves in this process until it is asked to stop, then drains and exits. Its parent, if there is one, hears of it.
 * @returns when it listens
 */
export async function serveHere({ env, prepare, signals }: ServeOptions): Promise<void> {
  let server: AppServer | undefined
  onStopRequest((request) => {
    if (request === 'again') process.exit(130)
    // Before it serves there is nothing to finish.
    if (!server) process.exit(0)
    if (process.connected) process.send?.({ type: 'draining' })
    void drain(server, env.UB_DRAIN_SECONDS * 1000).finally(() => process.exit(0))
  }, signals)
  // A worker listens by asking the process that runs it, and must not end for want of work while it waits.
  process.channel?.ref()
  server = await startAppServer(env, await prepare())
}
