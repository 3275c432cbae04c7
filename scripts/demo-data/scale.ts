import type { Transaction } from '#db/client.ts'
import type { Ctx } from '#lib/ctx.ts'

/** Where the demonstration is written: one transaction, as the role that owns the schema. */
export type DemoCtx = Ctx & { db: Transaction }

export const DEMO_SIZES = {
  small: { people: 50, messages: 5_000, records: 15_000 },
  large: { people: 10_000, messages: 1_000_000, records: 3_000_000 },
} as const

export type DemoSize = keyof typeof DEMO_SIZES

export function isDemoSize(text: string): text is DemoSize {
  return Object.hasOwn(DEMO_SIZES, text)
}
