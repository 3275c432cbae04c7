import { rmSync } from 'node:fs'
import { DataDir } from '#scripts/data-dir.ts'
import { type DemoPayEnvironment, demoPayEnvironment } from './environment.ts'

export type DemoPay = { url: string; environment: DemoPayEnvironment; close(): Promise<void> }

/**
 * Starts the stand-in for Stripe, on loopback only: its hosted page is shown by the service (scripts/server/pay-page.ts).
 * @param remembers whether payments of earlier demonstrations belong to this database
 */
export async function startDemoPay(options: {
  port: number
  appUrl: string
  dataDir: string
  authSecret: string
  remembers: boolean
}): Promise<DemoPay> {
  const { port, appUrl, authSecret } = options
  const file = new DataDir(options.dataDir).file('demo-pay.json')
  if (!options.remembers) rmSync(file, { force: true })
  const { startStripeStandIn } = await import('#tests/support/stripe/stand-in.ts')
  const secrets = demoPayEnvironment('', authSecret)
  const standIn = await startStripeStandIn({
    secretKey: secrets.STRIPE_SECRET_KEY,
    webhookSecret: secrets.STRIPE_WEBHOOK_SECRET,
    webhookUrl: `http://127.0.0.1:${port}/api/payments/stripe`,
    deliver: 'auto',
    pagesAt: appUrl,
    file,
  })
  return { url: standIn.url, environment: demoPayEnvironment(standIn.url, authSecret), close: () => standIn.close() }
}
