'use server'

import { cookies, headers } from 'next/headers'
import { z } from 'zod'
import { action } from '#app/_server/action.ts'
import { readOrigin } from '#app/_server/origin.ts'
import { LOCALE_COOKIE, LOCALES } from '#lib/i18n/index.ts'
import { updateProfile } from '#lib/users/index.ts'

const YEAR_SECONDS = 365 * 24 * 60 * 60

/** Chooses the language of this browser and, for somebody signed in, of their account. */
export const setLocale = action(z.object({ locale: z.enum(LOCALES) }), async (ctx, { locale }) => {
  const [store, head] = await Promise.all([cookies(), headers()])
  const secure = readOrigin(head).proto === 'https'
  store.set(LOCALE_COOKIE, locale, { path: '/', maxAge: YEAR_SECONDS, sameSite: 'lax', secure })
  if (ctx.actor.type === 'user') await updateProfile(ctx, { locale })
})
