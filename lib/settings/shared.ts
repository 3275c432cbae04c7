/** The colours that the operator may give to what can be pressed; each is measured against both themes. */
export const ACCENTS = ['teal', 'blue', 'indigo', 'violet', 'rose', 'orange', 'green', 'graphite'] as const

export type Accent = (typeof ACCENTS)[number]

/** What the notice above every page is about. */
export const NOTICE_TONES = ['info', 'warning'] as const

/** Ways to pay that Stripe offers here. */
export const STRIPE_METHODS = ['card', 'alipay', 'wechat_pay'] as const

/** Bounds of settings that are numbers; a form tells them, the schemas keep them. */
export const SETTING_BOUNDS = {
  max_running: { min: 1, max: 1_000 },
  free_failures_per_day: { min: 0, max: 1_000_000 },
  markup_percent: { min: 0, max: 10_000 },
  bin_days: { min: 1, max: 3_650 },
} as const

/** Longest texts, in characters. */
export const SETTING_LENGTHS = {
  site_name: 60,
  contact: 200,
  notice_text: 160,
  system_prompt: 8_000,
  manual_payment_text: 2_000,
  payment_text: 2_000,
  terms: 20_000,
  privacy: 20_000,
  registration_number: 80,
} as const
