'use server'

import { revalidatePath } from 'next/cache'
import { action } from '#app/_server/action.ts'
import { setOwnCaps, setOwnCapsInput } from '#lib/inference/index.ts'
import { redeemCode, redeemCodeInput } from '#lib/payments/index.ts'

export const saveCaps = action(setOwnCapsInput, async (ctx, caps) => {
  await setOwnCaps(ctx, caps)
  revalidatePath('/credits')
})

export const redeem = action(redeemCodeInput, async (ctx, input) => {
  await redeemCode(ctx, input)
  revalidatePath('/credits')
})
