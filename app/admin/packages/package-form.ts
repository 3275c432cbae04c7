import { z } from 'zod'
import { creditsField } from '#app/admin/_parts/credits-field.ts'
import { ungroup } from '#app/admin/_parts/ungroup.ts'
import type { Ctx } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'
import { isPayableCurrency, parsePrice } from '#lib/money.ts'
import { setPackage } from '#lib/payments/index.ts'

/** A package as an operator types it. */
export const packageForm = z.object({
  id: z.string().trim().toLowerCase(),
  currency: z.string().trim().toUpperCase(),
  price: z.string(),
  credits: creditsField,
  bonus: z.union([
    z
      .string()
      .regex(/^\s*(0([.]0*)?)?\s*$/)
      .transform(() => 0n),
    creditsField,
  ]),
  position: z.coerce.number().int().min(0).max(1_000_000),
  active: z.literal('on').optional(),
})

/** @throws {AppError} `invalid_input` {field}, and as `setPackage` does */
export function savePackageAsTyped(ctx: Ctx, { price, credits, bonus, active, ...rest }: z.output<typeof packageForm>) {
  if (!isPayableCurrency(rest.currency)) throw refusal('currency')
  const priceMinor = parsePrice(ungroup(price), rest.currency)
  if (priceMinor === null || priceMinor === 0n) throw refusal('price')
  return setPackage(ctx, {
    ...rest,
    priceMinor,
    creditsMicros: credits,
    bonusMicros: bonus,
    active: active !== undefined,
  })
}

function refusal(field: string): AppError {
  return new AppError('invalid_input', { message: `${field} makes no sense`, params: { field } })
}
