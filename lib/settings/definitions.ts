import { z } from 'zod'

const STRIPE_METHODS = ['card', 'alipay', 'wechat_pay'] as const

/** What the operator tells people; its lines are kept. */
const operatorText = z.string().trim().min(1).max(2_000).nullable().default(null)

/** Every setting with its schema and what holds while nobody has changed it. */
export const SETTINGS = {
  /** Whether anybody may make an account. */
  registration: z.enum(['open', 'closed']).default('open'),
  /** What a new account starts with, as a decimal string of micro-credits; null decides by itself. */
  sign_up_credit_micros: z
    .string()
    .regex(/^\d{1,18}$/)
    .nullable()
    .default(null),
  site_name: z.string().trim().min(1).max(60).default('Undefined Behavior'),
  /** Where the operator's days begin at midnight: reports are cut there. An IANA name. */
  time_zone: z.string().refine(isTimeZone, 'must be a time zone such as Asia/Shanghai').default('UTC'),
  /** ISO 4217; fixed after the first top-up. */
  site_currency: z
    .string()
    .regex(/^[A-Z]{3}$/)
    .default('USD'),
  /** What the seed adds to a vendor's price to make ours. */
  markup_percent: z.number().int().min(0).max(10_000).default(20),
  /** Answers that one person may have running at once. */
  max_running: z.number().int().min(1).max(1_000).default(20),
  /** The model a new conversation begins with; null picks the cheapest suitable one. */
  default_model_id: z.string().min(1).max(200).nullable().default(null),
  /** A grant or adjustment above it waits for a second admin: a decimal string of micro-credits; null asks nobody. */
  adjustment_approval_above_micros: z
    .string()
    .regex(/^\d{1,18}$/)
    .nullable()
    .default(null),
  /** Free failures that cost us something, by person and day. */
  free_failures_per_day: z.number().int().min(0).max(1_000_000).default(50),
  /** Whether people may pay by a transfer that an operator confirms; the text says where to, beside the pictures. */
  manual_payment: z.enum(['on', 'off']).default('off'),
  manual_payment_text: operatorText,
  /** Stands where credits are bought while nobody can pay. */
  payment_text: operatorText,
  /** Ways to pay that are offered while Stripe is configured. */
  stripe_methods: z
    .array(z.enum(STRIPE_METHODS))
    .transform((chosen) => STRIPE_METHODS.filter((method) => chosen.includes(method)))
    .default([...STRIPE_METHODS]),
} as const

function isTimeZone(name: string): boolean {
  return name === 'UTC' || Intl.supportedValuesOf('timeZone').includes(name)
}

export type SettingKey = keyof typeof SETTINGS
export type Settings = { [K in SettingKey]: z.output<(typeof SETTINGS)[K]> }

export function isSettingKey(key: string): key is SettingKey {
  return Object.hasOwn(SETTINGS, key)
}
