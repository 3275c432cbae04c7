import type { ServerEnv } from '#lib/env.ts'
import { drain } from '#scripts/server/drain.ts'
import { startAppServer } from '#scripts/server/http-server.ts'
import { prepareNext } from '#scripts/server/next-application.ts'
import { withPayPage } from '#scripts/server/pay-page.ts'
import { onStopRequest } from '#scripts/signals.ts'

/**
 * Serves in this process until it is asked to stop, then drains and exits.
 * @param signals which ones ask it to stop
 * @returns the port it listens on
 */
export async function serveHere(env: ServerEnv, dir: string, signals: readonly NodeJS.Signals[]): Promise<number> {
  const next = await prepareNext(env, dir)
  const standIn = env.UB_DEMO_PAY && env.STRIPE_API_BASE
  const server = await startAppServer(env, standIn ? withPayPage(next, standIn) : next)
  onStopRequest((request) => {
    if (request === 'again') process.exit(130)
    void drain(server, env.UB_DRAIN_SECONDS * 1000).finally(() => process.exit(0))
  }, signals)
  return server.port
}
