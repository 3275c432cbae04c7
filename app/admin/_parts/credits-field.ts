import { z } from 'zod'
import { ungroup } from '#app/admin/_parts/ungroup.ts'
import { parseCredits } from '#lib/money.ts'

/** An amount of credits above zero as it was typed, in micro-credits. */
export const creditsField = z.string().transform((text, context) => {
  const micros = parseCredits(ungroup(text))
  if (micros !== null && micros > 0n) return micros
  context.addIssue({ code: 'custom', message: 'is no amount above zero' })
  return z.NEVER
})
