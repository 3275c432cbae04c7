import type Stripe from 'stripe'
import { sessionParameters, stripeClient } from './client.ts'
import type { Payment } from './payments.ts'
import { shapeProblems } from './shapes.ts'
import { type StandInOptions, startStripeStandIn } from './stand-in.ts'

export const SECRET_KEY = 'sk_test_standin'
export const WEBHOOK_SECRET = 'whsec_standin'

type SessionOverrides = Parameters<typeof sessionParameters>[0]

/** A stand-in with a client, for the tests of the stand-in itself. */
export async function startHarness(options: Partial<StandInOptions> = {}) {
  const standIn = await startStripeStandIn({ secretKey: SECRET_KEY, webhookSecret: WEBHOOK_SECRET, ...options })
  const stripe = stripeClient(standIn, SECRET_KEY)
  let seen = 0

  const openSession = (overrides?: SessionOverrides) => stripe.checkout.sessions.create(sessionParameters(overrides))

  return {
    standIn,
    stripe,
    openSession,

    /** A session that was paid. @returns its intent, with the charge and the movement of the balance */
    async paidIntent(payment: Payment = { method: 'card' }, overrides?: SessionOverrides) {
      const session = await openSession(overrides)
      const { payment_intent } = standIn.pay(session.id, payment)
      return stripe.paymentIntents.retrieve(String(payment_intent), { expand: ['latest_charge.balance_transaction'] })
    },

    /** Types of the events since the last call. */
    news(): Stripe.Event.Type[] {
      const types = standIn.events.slice(seen).map((event) => event.type)
      seen = standIn.events.length
      return types
    },

    /** What is not of Stripe's shapes in all that was made, and in all snapshots on the way; forgets everything then. */
    async leftBehind(): Promise<string[]> {
      const lists = {
        'Checkout.Session': await stripe.checkout.sessions.list({ limit: 100, expand: ['data.line_items'] }),
        PaymentIntent: await stripe.paymentIntents.list({ limit: 100, expand: ['data.latest_charge'] }),
        Charge: await stripe.charges.list({ limit: 100, expand: ['data.refunds', 'data.balance_transaction'] }),
        Refund: await stripe.refunds.list({ limit: 100, expand: ['data.charge', 'data.failure_balance_transaction'] }),
        Dispute: await stripe.disputes.list({ limit: 100, expand: ['data.charge'] }),
        BalanceTransaction: await stripe.balanceTransactions.list({ limit: 100, expand: ['data.source'] }),
        Event: await stripe.events.list({ limit: 100 }),
      }
      standIn.reset()
      seen = 0
      return Object.entries(lists).flatMap(([type, list]) => shapeProblems(list, `ApiList<${type}>`))
    },
  }
}
