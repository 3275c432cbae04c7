import { z } from 'zod'
import { csvResponse } from '#app/_server/csv.ts'
import { route } from '#app/_server/route.ts'
import { readTimeZone } from '#app/_server/time-zone.ts'
import { askedOrders } from '#app/admin/orders/filter.ts'
import { creditsToDecimal, priceToDecimal } from '#lib/money.ts'
import { type AdminOrder, exportOrders } from '#lib/payments/index.ts'

const COLUMNS = [
  'id',
  'reference',
  'ordered',
  'user_id',
  'email',
  'method',
  'package',
  'state',
  'price',
  'currency',
  'credits',
  'bonus',
  'paid',
  'paid_currency',
  'paid_at',
  'refunded',
  'disputed',
  'dispute',
  'credited',
  'bonus_credited',
  'shortfall',
] as const

/** The orders that the list's filters show, whole. */
export const GET = route({ input: z.record(z.string(), z.string()), auth: 'admin' }, async (ctx, params, request) => {
  const { filter, isUnknown } = await askedOrders(ctx, params, await readTimeZone(request))
  const batches = isUnknown ? [] : exportOrders(ctx, filter)
  return csvResponse({ name: 'orders', columns: COLUMNS, batches, cellsOf })
})

function cellsOf(order: AdminOrder): (string | null)[] {
  const paidCurrency = order.paidCurrency ?? order.currency
  return [
    order.id,
    order.reference,
    order.createdAt.toISOString(),
    order.userId,
    order.email,
    order.method,
    order.packageId,
    order.state,
    priceToDecimal(order.priceMinor, order.currency),
    order.currency,
    creditsToDecimal(order.creditsMicros),
    creditsToDecimal(order.bonusMicros),
    priceToDecimal(order.paidMinor, paidCurrency),
    order.paidCurrency,
    order.paidAt?.toISOString() ?? null,
    priceToDecimal(order.refundedMinor, paidCurrency),
    priceToDecimal(order.disputedMinor, paidCurrency),
    order.dispute,
    creditsToDecimal(order.creditedMicros),
    creditsToDecimal(order.bonusCreditedMicros),
    creditsToDecimal(order.shortfallMicros),
  ]
}
