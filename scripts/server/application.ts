import type { ServerEnv } from '#lib/env.ts'
import type { Application } from '#scripts/server/http-server.ts'
import { prepareNext } from '#scripts/server/next-application.ts'
import { withPayPage } from '#scripts/server/pay-page.ts'

/** The application of this folder, in a demonstration of payments with the page where they are made. */
export async function prepareApplication(env: ServerEnv, dir: string): Promise<Application> {
  const next = await prepareNext(env, dir)
  const standIn = env.UB_DEMO_PAY && env.STRIPE_API_BASE
  return standIn ? withPayPage(next, standIn) : next
}
