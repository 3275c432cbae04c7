import { createHmac } from 'node:crypto'

/** Settings that make a process take the stand-in for Stripe. */
export type DemoPayEnvironment = Record<
  'STRIPE_SECRET_KEY' | 'STRIPE_WEBHOOK_SECRET' | 'STRIPE_API_BASE' | 'UB_DEMO_PAY',
  string
>

/**
 * What the service and the commands beside it need to know of the stand-in. Its secrets follow from the installation's
 * own, so that they are the same after a restart and lie in no file.
 * @param url where the stand-in listens
 */
export function demoPayEnvironment(url: string, authSecret: string): DemoPayEnvironment {
  const derive = (name: string) => createHmac('sha256', authSecret).update(`demo-pay ${name}`).digest('hex')
  return {
    STRIPE_SECRET_KEY: `sk_test_${derive('key')}`,
    STRIPE_WEBHOOK_SECRET: `whsec_${derive('webhook')}`,
    STRIPE_API_BASE: url,
    UB_DEMO_PAY: '1',
  }
}
