import type Stripe from 'stripe'
import type { Method } from './objects.ts'

/** A refund as it begins; cards are sent back at once, wallets are asked to. */
export function newRefund(
  fields: Pick<Stripe.Refund, 'id' | 'created' | 'currency' | 'amount' | 'reason' | 'metadata' | 'status'>,
  charge: Stripe.Charge,
  method: Method,
): Stripe.Refund {
  return {
    ...fields,
    object: 'refund',
    balance_transaction: null,
    charge: charge.id,
    customer: null,
    customer_account: null,
    destination_details: refundDestination(method),
    payment_intent: charge.payment_intent,
    payment_method: charge.payment_method,
    ...(fields.status === 'pending' && { pending_reason: 'processing' as const }),
    receipt_number: null,
    source_transfer_reversal: null,
    transfer_reversal: null,
  }
}

function refundDestination(method: Method): Stripe.Refund.DestinationDetails {
  if (method === 'alipay') return { alipay: {}, type: method }
  if (method === 'wechat_pay') return { wechat_pay: {}, type: method }
  return {
    card: { reference_status: 'pending', reference_type: 'acquirer_reference_number', type: 'refund' },
    type: method,
  }
}

/** A dispute of a card payment; an inquiry only asks and takes nothing. */
export function newDispute(
  fields: Pick<Stripe.Dispute, 'id' | 'created' | 'livemode' | 'amount'>,
  charge: Stripe.Charge,
  options: { inquiry: boolean; dueBy: number },
): Stripe.Dispute {
  const { inquiry, dueBy } = options
  return {
    ...fields,
    object: 'dispute',
    balance_transactions: [],
    charge: charge.id,
    currency: charge.currency,
    enhanced_eligibility_types: [],
    evidence: NO_EVIDENCE,
    evidence_details: {
      due_by: dueBy,
      enhanced_eligibility: {},
      has_evidence: false,
      past_due: false,
      submission_count: 0,
      submission_method: 'not_submitted',
    },
    intended_submission_method: null,
    is_charge_refundable: inquiry,
    metadata: {},
    payment_intent: charge.payment_intent,
    payment_method_details: {
      card: {
        brand: 'visa',
        case_type: inquiry ? 'inquiry' : 'chargeback',
        network: 'visa',
        network_reason_code: inquiry ? null : '10.4',
      },
      type: 'card',
    },
    reason: inquiry ? 'general' : 'fraudulent',
    status: inquiry ? 'warning_needs_response' : 'needs_response',
  }
}

const NO_EVIDENCE: Stripe.Dispute.Evidence = {
  access_activity_log: null,
  billing_address: null,
  cancellation_policy: null,
  cancellation_policy_disclosure: null,
  cancellation_rebuttal: null,
  customer_communication: null,
  customer_email_address: null,
  customer_name: null,
  customer_purchase_ip: null,
  customer_signature: null,
  duplicate_charge_documentation: null,
  duplicate_charge_explanation: null,
  duplicate_charge_id: null,
  enhanced_evidence: {},
  product_description: null,
  receipt: null,
  refund_policy: null,
  refund_policy_disclosure: null,
  refund_refusal_explanation: null,
  service_date: null,
  service_documentation: null,
  shipping_address: null,
  shipping_carrier: null,
  shipping_date: null,
  shipping_documentation: null,
  shipping_tracking_number: null,
  uncategorized_file: null,
  uncategorized_text: null,
}

/** The account behind the key. */
export function newAccount(fields: { id: string; currency: string; created: number }): Stripe.Account {
  return {
    id: fields.id,
    object: 'account',
    business_profile: {
      mcc: null,
      minority_owned_business_designation: null,
      name: 'Stand-in',
      specified_commercial_transactions_act_url: null,
      support_address: null,
      support_email: null,
      support_phone: null,
      support_url: null,
      url: null,
    },
    business_type: 'company',
    capabilities: { card_payments: 'active', transfers: 'active' },
    charges_enabled: true,
    controller: { type: 'account' },
    country: 'HK',
    created: fields.created,
    default_currency: fields.currency,
    details_submitted: true,
    email: 'stand-in@example.com',
    metadata: {},
    payouts_enabled: true,
    type: 'standard',
  }
}
