import { z } from 'zod'
import { creditsField } from '#app/admin/_parts/credits-field.ts'
import type { Ctx } from '#lib/ctx.ts'
import { creditsToDecimal } from '#lib/money.ts'
import { createCodes } from '#lib/payments/index.ts'

const count = z.coerce.number().int().min(1)

/** A batch of codes as an operator types it. */
export const codesForm = z.object({
  name: z.string().trim().min(1).max(100),
  credits: creditsField,
  count: count.max(10_000),
  usesPerCode: count,
  codesPerPerson: count,
  redeemBefore: z.iso
    .datetime()
    .transform((text) => new Date(text))
    .optional(),
  creditsLastDays: z.union([z.literal('').transform(() => undefined), count]),
})

/** @returns the codes' texts, which are kept nowhere, and what each gives in credits */
export async function makeCodesAsTyped(ctx: Ctx, { credits, ...terms }: z.output<typeof codesForm>) {
  const { batchId, codes } = await createCodes(ctx, { ...terms, creditsMicros: credits })
  return { batchId, codes, credits: creditsToDecimal(credits) }
}
