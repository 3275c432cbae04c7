import type Stripe from 'stripe'
import type { Account } from './account.ts'
import { isSupported, MAXIMUM, minimumOf, takes } from './currencies.ts'
import { type Method, newLineItem, newSession } from './objects.ts'
import type { Rules } from './parameters.ts'
import { StripeRefusal } from './refusal.ts'

/** What the account has switched on in its dashboard. */
const METHODS: Method[] = ['card', 'alipay', 'wechat_pay']
/** Names of Stripe's that may be allowed or excluded, though this account has them not. */
const METHOD_TYPES = [
  ...METHODS,
  'link',
  'cashapp',
  'klarna',
  'paypal',
  'amazon_pay',
  'us_bank_account',
  'customer_balance',
]
const LIFE_S = { least: 30 * 60, most: 24 * 3600 }

const LOCALES =
  'auto bg cs da de el en en-GB es es-419 et fi fil fr fr-CA hi-IN hr hu id it ja ko lt lv ms mt nb nl pl pt pt-BR ro ru sk sl sv th tr vi zh zh-HK zh-TW'.split(
    ' ',
  )

/** What the stand-in understands of Stripe's parameters; anything else is refused, so that nobody relies on it. */
export const SESSION_CREATE: Rules = {
  mode: ['payment'],
  ui_mode: ['hosted_page'],
  submit_type: ['auto', 'book', 'donate', 'pay'],
  success_url: 'string',
  cancel_url: 'string',
  client_reference_id: 'string',
  customer_email: 'string',
  locale: LOCALES,
  adaptive_pricing: { members: { enabled: 'boolean' } },
  expires_at: 'integer',
  metadata: 'metadata',
  allowed_payment_method_types: { list: METHOD_TYPES },
  excluded_payment_method_types: { list: METHOD_TYPES },
  payment_method_options: {
    members: { wechat_pay: { members: { client: ['web', 'ios', 'android'], app_id: 'string' } } },
  },
  payment_intent_data: { members: { metadata: 'metadata', description: 'string' } },
  line_items: {
    list: {
      members: {
        quantity: 'integer',
        price_data: {
          members: {
            currency: 'string',
            unit_amount: 'integer',
            product_data: { members: { name: 'string', description: 'string', metadata: 'metadata' } },
          },
        },
      },
    },
  },
}

/** Opens a session of the hosted page. @throws StripeRefusal for what Stripe refuses */
export function createSession(
  account: Account,
  parameters: Stripe.Checkout.SessionCreateParams,
  pageUrl: (id: string) => string,
): Stripe.Checkout.Session {
  requirePresent(parameters.mode, 'mode')
  requireUrl(requirePresent(parameters.success_url, 'success_url'), 'success_url')
  if (parameters.cancel_url !== undefined) requireUrl(parameters.cancel_url, 'cancel_url')
  requireReference(parameters)
  const { items, currency, total } = readItems(account, parameters.line_items)
  const created = account.now()
  const types = methodTypes(parameters, currency)
  const id = account.store.id(account.livemode ? 'cs_live' : 'cs_test', 58)
  account.store.backs.set(id, {
    lineItems: items,
    paymentIntentMetadata: (parameters.payment_intent_data?.metadata ?? {}) as Record<string, string>,
    description: parameters.payment_intent_data?.description ?? null,
  })
  return account.store.sessions.add(
    newSession({
      id,
      created,
      livemode: account.livemode,
      currency,
      amount_total: total,
      expires_at: expiry(parameters.expires_at, created),
      payment_method_types: types,
      payment_method_options: sessionOptions(types),
      payment_method_configuration_details: { id: 'pmc_standindefaultconfiguration', parent: null },
      allowed_payment_method_types: parameters.allowed_payment_method_types ?? null,
      metadata: (parameters.metadata ?? {}) as Record<string, string>,
      url: pageUrl(id),
      success_url: parameters.success_url ?? null,
      cancel_url: parameters.cancel_url ?? null,
      client_reference_id: parameters.client_reference_id ?? null,
      customer_email: parameters.customer_email ?? null,
      locale: parameters.locale ?? null,
      submit_type: parameters.submit_type ?? null,
    }),
  )
}

function readItems(account: Account, lines: Stripe.Checkout.SessionCreateParams.LineItem[] | undefined) {
  const given = requirePresent(lines, 'line_items')
  if (given.length === 0) throw missing('line_items')
  const items = given.map((line, index) => {
    const at = `line_items[${index}]`
    const price = requirePresent(line.price_data, `${at}[price_data]`)
    const name = requirePresent(price.product_data?.name, `${at}[price_data][product_data][name]`)
    const unitAmount = requirePresent(price.unit_amount, `${at}[price_data][unit_amount]`)
    const currency = requirePresent(price.currency, `${at}[price_data][currency]`).toLowerCase()
    const quantity = line.quantity ?? 1
    if (!isSupported(currency)) {
      throw new StripeRefusal(`Invalid currency: ${currency}.`, { param: `${at}[price_data][currency]` })
    }
    if (unitAmount < 0) throw notPositive(`${at}[price_data][unit_amount]`)
    if (quantity < 1) throw notPositive(`${at}[quantity]`)
    return newLineItem({
      id: account.store.id('li'),
      currency,
      amount: unitAmount * quantity,
      quantity,
      description: name,
    })
  })
  const currency = items[0]?.currency ?? ''
  if (items.some((item) => item.currency !== currency)) {
    throw new StripeRefusal('All line items must have the same currency.', { param: 'line_items' })
  }
  const total = items.reduce((sum, item) => sum + item.amount_total, 0)
  requireChargeable(total, currency)
  return { items, currency, total }
}

function requireChargeable(total: number, currency: string): void {
  if (total < minimumOf(currency)) {
    throw new StripeRefusal(
      `The Checkout Session's total amount due must add up to at least ${minimumOf(currency)} ${currency} in minor units`,
      { code: 'amount_too_small' },
    )
  }
  if (total > MAXIMUM) {
    throw new StripeRefusal(
      `The Checkout Session's total amount must be no more than ${MAXIMUM} ${currency} in minor units`,
      {
        code: 'amount_too_large',
      },
    )
  }
}

// Since 2026-09-30 nobody names the methods of a session: what the account has switched on and the currency allows is
// offered, and a list only narrows that, in silence.
function methodTypes(parameters: Stripe.Checkout.SessionCreateParams, currency: string): Method[] {
  const { allowed_payment_method_types: allowed, excluded_payment_method_types: excluded } = parameters
  if (allowed && excluded) {
    throw new StripeRefusal(
      'You may only specify one of these parameters: allowed_payment_method_types, excluded_payment_method_types.',
      { code: 'parameters_exclusive', param: 'allowed_payment_method_types' },
    )
  }
  if (parameters.payment_method_options?.wechat_pay) {
    const client = 'payment_method_options[wechat_pay][client]'
    if (requirePresent(parameters.payment_method_options.wechat_pay.client, client) !== 'web') {
      throw new StripeRefusal(`Invalid ${client}: must be web for the hosted page`, { param: client })
    }
  }
  const types = METHODS.filter(
    (method) => takes(method, currency) && (allowed?.includes(method) ?? true) && !excluded?.includes(method),
  )
  if (types.length === 0) {
    throw new StripeRefusal(
      'No valid payment method types for this Checkout Session. Please ensure that you have activated payment methods compatible with your chosen currency in your dashboard.',
    )
  }
  return types
}

function sessionOptions(types: Method[]): Stripe.Checkout.Session.PaymentMethodOptions {
  return {
    ...(types.includes('card') && { card: { request_three_d_secure: 'automatic' as const } }),
    ...(types.includes('wechat_pay') && { wechat_pay: { app_id: null, client: 'web' as const } }),
  }
}

function expiry(asked: number | undefined, created: number): number {
  if (asked === undefined) return created + LIFE_S.most
  if (asked < created + LIFE_S.least) {
    throw new StripeRefusal('The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation.', {
      param: 'expires_at',
    })
  }
  if (asked > created + LIFE_S.most) {
    throw new StripeRefusal('The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.', {
      param: 'expires_at',
    })
  }
  return asked
}

function requireReference({ client_reference_id, customer_email }: Stripe.Checkout.SessionCreateParams): void {
  if (client_reference_id !== undefined && client_reference_id.length > 200) {
    throw new StripeRefusal('Invalid string: must be at most 200 characters', { param: 'client_reference_id' })
  }
  if (customer_email !== undefined && !/^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(customer_email)) {
    throw new StripeRefusal(`Invalid email address: ${customer_email}`, {
      code: 'email_invalid',
      param: 'customer_email',
    })
  }
}

function requireUrl(url: string, param: string): void {
  if (!/^https?:/.test(url) || !URL.canParse(url))
    throw new StripeRefusal('Not a valid URL', { code: 'url_invalid', param })
}

function requirePresent<T>(value: T | undefined, param: string): T {
  if (value === undefined) throw missing(param)
  return value
}

function missing(param: string): StripeRefusal {
  return new StripeRefusal(`Missing required param: ${param}.`, { code: 'parameter_missing', param })
}

function notPositive(param: string): StripeRefusal {
  return new StripeRefusal('This value must be greater than or equal to 1.', {
    code: 'parameter_invalid_integer',
    param,
  })
}
