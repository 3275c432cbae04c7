import { z } from 'zod'
import { creditsField } from '#app/admin/_parts/credits-field.ts'
import { reasonField } from '#lib/users/index.ts'

/** What an operator gives back for a call, as `creditBackCall` takes it. */
export const creditBackForm = z
  .object({ callId: z.uuid(), requestId: z.uuid(), credits: creditsField, reason: reasonField })
  .transform(({ credits, ...rest }) => ({ ...rest, amountMicros: credits }))
