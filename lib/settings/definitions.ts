import { z } from 'zod'

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
} as const

export type SettingKey = keyof typeof SETTINGS
export type Settings = { [K in SettingKey]: z.output<(typeof SETTINGS)[K]> }

export function isSettingKey(key: string): key is SettingKey {
  return Object.hasOwn(SETTINGS, key)
}
