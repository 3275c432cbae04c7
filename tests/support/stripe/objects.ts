import type Stripe from 'stripe'

/** The version the installed SDK speaks; its types say how the objects below look in it. */
export const API_VERSION = '2026-10-28.endive'

export type Method = 'card' | 'alipay' | 'wechat_pay'

type Base = { id: string; created: number; livemode: boolean; currency: string; amount: number }

const NO_ADDRESS: Stripe.Address = {
  city: null,
  country: null,
  line1: null,
  line2: null,
  postal_code: null,
  state: null,
}

/** An open session of the hosted page in payment mode. */
export function newSession(
  fields: Pick<
    Stripe.Checkout.Session,
    | 'id'
    | 'created'
    | 'livemode'
    | 'currency'
    | 'amount_total'
    | 'expires_at'
    | 'payment_method_types'
    | 'payment_method_options'
    | 'payment_method_configuration_details'
    | 'metadata'
    | 'url'
  > &
    Partial<Stripe.Checkout.Session>,
): Stripe.Checkout.Session {
  return {
    object: 'checkout.session',
    adaptive_pricing: { enabled: false },
    after_expiration: null,
    allow_promotion_codes: null,
    allowed_payment_method_types: null,
    amount_subtotal: fields.amount_total,
    automatic_tax: { enabled: false, liability: null, provider: null, status: null },
    billing_address_collection: null,
    cancel_url: null,
    client_reference_id: null,
    client_secret: null,
    collected_information: null,
    consent: null,
    consent_collection: null,
    currency_conversion: null,
    custom_fields: [],
    custom_text: { after_submit: null, shipping_address: null, submit: null, terms_of_service_acceptance: null },
    customer: null,
    customer_account: null,
    customer_creation: 'if_required',
    customer_details: null,
    customer_email: null,
    discounts: [],
    integration_identifier: null,
    invoice: null,
    invoice_creation: {
      enabled: false,
      invoice_data: {
        account_tax_ids: null,
        custom_fields: null,
        description: null,
        footer: null,
        issuer: null,
        metadata: {},
        rendering_options: null,
      },
    },
    locale: null,
    managed_payments: null,
    mode: 'payment',
    origin_context: null,
    payment_intent: null,
    payment_link: null,
    payment_method_collection: 'if_required',
    payment_status: 'unpaid',
    permissions: null,
    phone_number_collection: { enabled: false },
    recovered_from: null,
    saved_payment_method_options: null,
    setup_intent: null,
    shipping_address_collection: null,
    shipping_cost: null,
    shipping_options: [],
    status: 'open',
    submit_type: null,
    subscription: null,
    success_url: null,
    total_details: { amount_discount: 0, amount_shipping: 0, amount_tax: 0 },
    ui_mode: 'hosted_page',
    wallet_options: null,
    ...fields,
  }
}

export function newLineItem(fields: {
  id: string
  currency: string
  amount: number
  quantity: number
  description: string
}): Stripe.LineItem {
  return {
    id: fields.id,
    object: 'item',
    adjustable_quantity: null,
    amount_discount: 0,
    amount_subtotal: fields.amount,
    amount_tax: 0,
    amount_total: fields.amount,
    currency: fields.currency,
    description: fields.description,
    metadata: {},
    price: null,
    quantity: fields.quantity,
  }
}

export function newPaymentIntent(
  base: Base,
  session: Stripe.Checkout.Session,
  back: { paymentIntentMetadata: Record<string, string>; description: string | null },
): Stripe.PaymentIntent {
  const allowed = session.allowed_payment_method_types
  return {
    ...base,
    object: 'payment_intent',
    allowed_payment_method_types: allowed,
    amount_capturable: 0,
    amount_details: { tip: {} },
    amount_received: 0,
    application: null,
    application_fee_amount: null,
    automatic_payment_methods: allowed ? null : { allow_redirects: 'always', enabled: true },
    canceled_at: null,
    cancellation_reason: null,
    capture_method: 'automatic_async',
    client_secret: `${base.id}_secret_${base.id.slice(-12)}`,
    confirmation_method: 'automatic',
    customer: null,
    customer_account: null,
    description: back.description,
    excluded_payment_method_types: null,
    last_payment_error: null,
    latest_charge: null,
    managed_payments: null,
    metadata: back.paymentIntentMetadata,
    next_action: null,
    on_behalf_of: null,
    payment_method: null,
    payment_method_configuration_details: session.payment_method_configuration_details,
    payment_method_options: intentOptions(session.payment_method_types),
    payment_method_types: session.payment_method_types,
    payment_record: null,
    processing: null,
    receipt_email: null,
    review: null,
    setup_future_usage: null,
    shipping: null,
    source: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: 'requires_payment_method',
    transfer_group: null,
  }
}

function intentOptions(types: string[]): Stripe.PaymentIntent.PaymentMethodOptions {
  return {
    ...(types.includes('alipay') && { alipay: {} }),
    ...(types.includes('card') && {
      card: { installments: null, mandate_options: null, network: null, request_three_d_secure: 'automatic' },
    }),
    ...(types.includes('wechat_pay') && { wechat_pay: { app_id: null, client: 'web' } }),
  }
}

/** A charge that has not succeeded yet. */
export function newCharge(
  base: Base,
  of: { intent: Stripe.PaymentIntent; method: Method; paymentMethod: string; email: string | null },
): Stripe.Charge {
  return {
    ...base,
    object: 'charge',
    amount_captured: 0,
    amount_refunded: 0,
    application: null,
    application_fee: null,
    application_fee_amount: null,
    balance_transaction: null,
    billing_details: { address: NO_ADDRESS, email: of.email, name: null, phone: null, tax_id: null },
    calculated_statement_descriptor: of.method === 'card' ? 'STAND-IN' : null,
    captured: false,
    customer: null,
    description: of.intent.description,
    disputed: false,
    failure_balance_transaction: null,
    failure_code: null,
    failure_message: null,
    fraud_details: {},
    metadata: of.intent.metadata,
    on_behalf_of: null,
    outcome: null,
    paid: false,
    payment_intent: of.intent.id,
    payment_method: of.paymentMethod,
    payment_method_details: methodDetails(of.method),
    radar_options: {},
    receipt_email: null,
    receipt_number: null,
    receipt_url: null,
    refunded: false,
    review: null,
    shipping: null,
    source: null,
    source_transfer: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: 'pending',
    transfer_data: null,
    transfer_group: null,
  }
}

function methodDetails(method: Method): Stripe.Charge.PaymentMethodDetails {
  if (method === 'alipay') return { alipay: { fingerprint: null, transaction_id: null }, type: method }
  if (method === 'wechat_pay') return { wechat_pay: { fingerprint: null, transaction_id: null }, type: method }
  return {
    card: {
      amount_authorized: null,
      authorization_code: null,
      brand: 'visa',
      checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: 'pass' },
      country: 'US',
      electronic_commerce_indicator: null,
      exp_month: 12,
      exp_year: 2034,
      fingerprint: 'StandInFingerprint',
      funding: 'credit',
      installments: null,
      last4: '4242',
      mandate: null,
      network: 'visa',
      network_transaction_id: null,
      regulated_status: 'unregulated',
      three_d_secure: null,
      transaction_link_id: null,
      wallet: null,
    },
    type: method,
  }
}
