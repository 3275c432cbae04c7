import { choiceParam, idParam, type SearchParams, textParam } from '#app/admin/_parts/address.ts'
import { windowParam } from '#app/admin/_parts/window.ts'
import type { Ctx } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'
import { getOrderForAdmin, type OrderFilter } from '#lib/payments/index.ts'
import { ORDER_STATES, PAYMENT_METHODS } from '#lib/payments/shared.ts'
import { findUserByEmail } from '#lib/users/index.ts'

export type AskedOrders = {
  filter: OrderFilter
  /** An order that was looked for by its reference or its id, whole. */
  orderId: string | null
  isUnknown: boolean
}

/** What the list is narrowed to, as the address says it; `q` is an address, a reference or an id. */
export async function askedOrders(ctx: Ctx, params: SearchParams, timeZone: string): Promise<AskedOrders> {
  const search = textParam(params, 'q')?.trim()
  const isEmail = search?.includes('@') === true
  const orderId = search && !isEmail ? await findOrder(ctx, search.toLowerCase()) : null
  const buyer = search && isEmail ? await findUserByEmail(ctx, { email: search }) : null
  return {
    filter: {
      userId: buyer?.id ?? idParam(params, 'user'),
      state: choiceParam(params, 'state', ORDER_STATES),
      method: choiceParam(params, 'method', PAYMENT_METHODS),
      disputed: choiceParam(params, 'disputed', ['yes']) ? true : undefined,
      window: windowParam(params, 'all', timeZone),
    },
    orderId,
    isUnknown: Boolean(search) && orderId === null && buyer === null,
  }
}

async function findOrder(ctx: Ctx, name: string): Promise<string | null> {
  try {
    return (await getOrderForAdmin(ctx, { name })).id
  } catch (error) {
    if (error instanceof AppError && error.code === 'not_found') return null
    throw error
  }
}
