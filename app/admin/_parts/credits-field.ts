import { z } from 'zod'
import { parseCredits } from '#lib/money.ts'

/** An amount of credits above zero as it was typed, in micro-credits. */
export const creditsField = z.string().transform((text, context) => {
  const micros = parseCredits(text.replaceAll(',', ''))
  if (micros !== null && micros > 0n) return micros
  context.addIssue({ code: 'custom', message: 'is no amount above zero' })
  return z.NEVER
})
