import { getEnv } from '#lib/env.ts'
import { openStripe } from '#lib/payments/stripe-client.ts'
import { singleton } from '#lib/singleton.ts'
import { type StandInOptions, type StripeStandIn, startStripeStandIn } from '#tests/support/stripe/stand-in.ts'

export const STRIPE_TEST_KEY = 'sk_test_4242424242'
export const WEBHOOK_TEST_SECRET = 'whsec_test_0123456789abcdef'

/** Starts a stand-in and makes it this process's Stripe. To be called before anything reads the environment. */
export async function startProcessStripe(options: Partial<StandInOptions> = {}): Promise<StripeStandIn> {
  const secrets = { secretKey: STRIPE_TEST_KEY, webhookSecret: WEBHOOK_TEST_SECRET }
  const standIn = await startStripeStandIn({ ...secrets, ...options })
  process.env.STRIPE_SECRET_KEY = options.secretKey ?? STRIPE_TEST_KEY
  process.env.STRIPE_WEBHOOK_SECRET = options.webhookSecret ?? WEBHOOK_TEST_SECRET
  process.env.STRIPE_API_BASE = standIn.url
  singleton('stripe', () => openStripe(getEnv(), { timeoutMs: 5_000, retriesMax: 1 }))
  return standIn
}
