'use server'

import { revalidatePath } from 'next/cache'
import { adminAction } from '#app/_server/action.ts'
import { setSiteCurrency, setSiteCurrencyInput } from '#lib/payments/index.ts'
import { type ChangeSettingsInput, changeSettings, changeSettingsInput } from '#lib/settings/index.ts'

export const saveSettings = adminAction(changeSettingsInput, async (ctx, input) => {
  await changeSettings(ctx, input as ChangeSettingsInput)
  // The name, the colour and the notice are on every page.
  revalidatePath('/', 'layout')
})

export const saveCurrency = adminAction(setSiteCurrencyInput, async (ctx, input) => {
  await setSiteCurrency(ctx, input)
  revalidatePath('/', 'layout')
})
