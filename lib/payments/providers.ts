import type { Ctx } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'
import { getSettings } from '#lib/settings/index.ts'
import { manualProvider } from './manual.ts'
import type { Order, PaymentProvider } from './provider.ts'
import type { PaymentMethod } from './shared.ts'
import { stripeProvider } from './stripe.ts'
import { isStripeConfigured } from './stripe-client.ts'

/** The ways to pay that the operator has set up, in the order in which they are offered; none when there are none. */
export async function listPaymentMethods(ctx: Ctx): Promise<PaymentMethod[]> {
  const settings = await getSettings(ctx)
  const methods: PaymentMethod[] = isStripeConfigured() ? [...settings.stripe_methods] : []
  return settings.manual_payment === 'on' ? [...methods, 'manual'] : methods
}

/** Who an order is paid through. @throws {AppError} `payments_off` when that is not set up any more */
export function getProvider(name: Order['provider']): PaymentProvider {
  switch (name) {
    case 'manual':
      return manualProvider
    case 'stripe':
      if (!isStripeConfigured()) throw new AppError('payments_off', { message: 'STRIPE_SECRET_KEY is not set' })
      return stripeProvider
  }
}
