import Stripe from 'stripe'

/** The official SDK, speaking to a stand-in. */
export function stripeClient(standIn: { url: string }, secretKey: string): Stripe {
  const { hostname, port } = new URL(standIn.url)
  return new Stripe(secretKey, { host: hostname, port, protocol: 'http', maxNetworkRetries: 0, telemetry: false })
}

/** What a session needs at least, for an amount in minor units. */
export function sessionParameters(
  overrides: Partial<Stripe.Checkout.SessionCreateParams> & { amountMinor?: number; currency?: string } = {},
): Stripe.Checkout.SessionCreateParams {
  const { amountMinor = 1000, currency = 'usd', ...rest } = overrides
  return {
    mode: 'payment',
    line_items: [
      { quantity: 1, price_data: { currency, unit_amount: amountMinor, product_data: { name: 'Credits' } } },
    ],
    success_url: 'http://shop.example/done?session={CHECKOUT_SESSION_ID}',
    cancel_url: 'http://shop.example/back',
    ...rest,
  }
}
