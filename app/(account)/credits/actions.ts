'use server'

import { revalidatePath } from 'next/cache'
import { action } from '#app/_server/action.ts'
import { setOwnCaps, setOwnCapsInput } from '#lib/inference/index.ts'
import { placeOrder, placeOrderInput, redeemCode, redeemCodeInput } from '#lib/payments/index.ts'

export const saveCaps = action(setOwnCapsInput, async (ctx, caps) => {
  await setOwnCaps(ctx, caps)
  revalidatePath('/credits')
})

export const redeem = action(redeemCodeInput, async (ctx, input) => {
  await redeemCode(ctx, input)
  revalidatePath('/credits')
})

/** @returns where it is paid: at a provider, or on the order's own page */
export const buy = action(placeOrderInput, async (ctx, input) => {
  const { id, paymentUrl } = await placeOrder(ctx, input)
  // Who comes back to the page finds a new form, which makes a new order.
  revalidatePath('/credits')
  return { href: paymentUrl ?? `/credits/orders/${id}` }
})
