import { z } from 'zod'
import { ungroup } from '#app/admin/_parts/ungroup.ts'
import type { Ctx } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'
import { parsePrice } from '#lib/money.ts'
import { confirmOrder, type Decided, getOrderForAdmin, refundOrder } from '#lib/payments/index.ts'
import { reasonField } from '#lib/users/index.ts'

export const confirmForm = z.object({
  orderId: z.uuid(),
  /** In the order's currency, as it was typed. */
  amount: z.string(),
  reason: z.union([z.literal('').transform(() => undefined), reasonField]),
})

/** Confirms an order with an amount as an operator types it. @throws {AppError} as `confirmOrder` does */
export async function confirmAsTyped(
  ctx: Ctx,
  { orderId, amount, reason }: z.output<typeof confirmForm>,
): Promise<Decided> {
  const { currency } = await getOrderForAdmin(ctx, { name: orderId })
  return confirmOrder(ctx, { orderId, amountMinor: readAmount(amount, currency), reason })
}

export const refundForm = z.object({ orderId: z.uuid(), requestId: z.uuid(), amount: z.string(), reason: reasonField })

/** Gives back an amount as an operator types it. @throws {AppError} as `refundOrder` does */
export async function refundAsTyped(ctx: Ctx, { amount, ...wish }: z.output<typeof refundForm>) {
  const { currency, paidCurrency } = await getOrderForAdmin(ctx, { name: wish.orderId })
  return refundOrder(ctx, { ...wish, amountMinor: readAmount(amount, paidCurrency ?? currency) })
}

function readAmount(text: string, currency: string): bigint {
  const minor = parsePrice(ungroup(text), currency)
  if (minor !== null && minor > 0n) return minor
  throw new AppError('invalid_input', { message: 'is no amount above zero', params: { field: 'amount' } })
}
