import { z } from 'zod'
import { isTimeZone } from '#lib/time-zone.ts'
import { ACCENTS, NOTICE_TONES, SETTING_BOUNDS, SETTING_LENGTHS, STRIPE_METHODS } from './shared.ts'

/** A decimal string of micro-credits. */
const micros = z.string().regex(/^\d{1,18}$/)

const whole = ({ min, max }: { min: number; max: number }) => z.number().int().min(min).max(max)

/** What an operator writes; its lines are kept. */
const words = (max: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    .refine((text) => text.isWellFormed() && !text.includes('\0'), 'is not text')

/** A choice of several, each once and in their own order. */
function severalOf<const T extends readonly string[]>(all: T) {
  return z
    .array(z.enum(all))
    .transform((chosen) => all.filter((one) => chosen.includes(one as T[number])) as T[number][])
}

/** Every setting with its schema and what holds while nobody has changed it. */
export const SETTINGS = {
  /** Whether anybody may make an account. */
  registration: z.enum(['open', 'closed']).default('open'),
  /** What a new account starts with; null decides by itself. */
  sign_up_credit_micros: micros.nullable().default(null),
  site_name: words(SETTING_LENGTHS.site_name)
    .refine((name) => !/\p{Cc}/u.test(name))
    .default('Undefined Behavior'),
  /** The colour of what can be pressed. */
  accent: z.enum(ACCENTS).default('teal'),
  /** Where people reach the operator: an e-mail address, a link, or words. */
  contact: words(SETTING_LENGTHS.contact).nullable().default(null),
  /** What people agree to, and what becomes of what they write: pages for everybody, in Markdown. */
  terms: words(SETTING_LENGTHS.terms).nullable().default(null),
  privacy: words(SETTING_LENGTHS.privacy).nullable().default(null),
  /** What an authority registered the service under, such as an ICP number; below the public pages. */
  registration_number: words(SETTING_LENGTHS.registration_number)
    .refine((number) => !/\p{Cc}/u.test(number))
    .nullable()
    .default(null),
  /** A line above every page. */
  notice_text: words(SETTING_LENGTHS.notice_text).nullable().default(null),
  notice_tone: z.enum(NOTICE_TONES).default('info'),
  /** Whether a person may put the notice away; another text shows again. */
  notice_dismissable: z.enum(['on', 'off']).default('on'),
  /** Interface languages that people may choose, as their BCP 47 tags; never none. */
  languages: z
    .array(z.enum(['en', 'zh-CN']))
    .min(1)
    .pipe(severalOf(['en', 'zh-CN']))
    .default(['en', 'zh-CN']),
  /** Where the operator's days begin at midnight: reports are cut there. An IANA name. */
  time_zone: z.string().refine(isTimeZone, 'must be a time zone such as Asia/Shanghai').default('UTC'),
  /** ISO 4217; fixed after the first top-up. */
  site_currency: z
    .string()
    .regex(/^[A-Z]{3}$/)
    .default('USD'),
  /** What is added to a vendor's price to make ours, where a price is made from the catalogue. */
  markup_percent: whole(SETTING_BOUNDS.markup_percent).default(20),
  /** Answers that one person may have running at once. */
  max_running: whole(SETTING_BOUNDS.max_running).default(20),
  /** The model a new conversation begins with; null picks the cheapest suitable one. */
  default_model_id: z.string().min(1).max(200).nullable().default(null),
  /** What every model is told before anything else; people cannot read it. */
  system_prompt: words(SETTING_LENGTHS.system_prompt).nullable().default(null),
  /** A grant or adjustment above it waits for a second admin; null asks nobody. */
  adjustment_approval_above_micros: micros.nullable().default(null),
  /** Free failures that cost us something, by person and day. */
  free_failures_per_day: whole(SETTING_BOUNDS.free_failures_per_day).default(50),
  /** After so many days what lies in the bin is gone for good; null keeps it. */
  bin_days: whole(SETTING_BOUNDS.bin_days).nullable().default(30),
  /** Whether people may pay by a transfer that an operator confirms; the text says where to, beside the pictures. */
  manual_payment: z.enum(['on', 'off']).default('off'),
  manual_payment_text: words(SETTING_LENGTHS.manual_payment_text).nullable().default(null),
  /** Stands where credits are bought while nobody can pay. */
  payment_text: words(SETTING_LENGTHS.payment_text).nullable().default(null),
  /** Ways to pay that are offered while Stripe is configured. */
  stripe_methods: severalOf(STRIPE_METHODS).default([...STRIPE_METHODS]),
  /** Whether the operator's overview still begins with what is missing. */
  first_steps: z.enum(['open', 'done']).default('open'),
} as const

export type SettingKey = keyof typeof SETTINGS
export type Settings = { [K in SettingKey]: z.output<(typeof SETTINGS)[K]> }

export function isSettingKey(key: string): key is SettingKey {
  return Object.hasOwn(SETTINGS, key)
}
