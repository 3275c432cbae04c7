'use server'

import { revalidatePath } from 'next/cache'
import { action } from '#app/_server/action.ts'
import { cancelOrder, orderInput, reportTransfer, reportTransferInput } from '#lib/payments/index.ts'

export const cancel = action(orderInput, async (ctx, input) => {
  await cancelOrder(ctx, input)
  revalidatePath('/credits/orders', 'layout')
})

export const report = action(reportTransferInput, async (ctx, input) => {
  await reportTransfer(ctx, input)
  revalidatePath('/credits/orders', 'layout')
})
