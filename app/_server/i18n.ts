import { cookies, headers } from 'next/headers'
import { getRequestConfig } from 'next-intl/server'
import { cache } from 'react'
import { getViewer } from '#app/_server/context.ts'
import { getSite } from '#app/_server/site.ts'
import { getMessages, LOCALE_COOKIE, type Locale, type Messages, resolveLocale } from '#lib/i18n/index.ts'

declare module 'next-intl' {
  interface AppConfig {
    Locale: Locale
    Messages: Messages
  }
}

const findLocale = cache(async (): Promise<Locale> => {
  const [store, head] = await Promise.all([cookies(), headers()])
  const cookie = store.get(LOCALE_COOKIE)?.value
  // A page about a database that is down must still know its language.
  const user = cookie ? undefined : (await getViewer().catch(() => null))?.locale
  const { languages: offered } = await getSite()
  return resolveLocale({ cookie, user, acceptLanguage: head.get('accept-language'), offered })
})

/** What next-intl asks for on each request; next.config.mjs names this file. */
export default getRequestConfig(async ({ locale }) => {
  const chosen = locale ?? (await findLocale())
  return { locale: chosen, messages: getMessages(chosen), timeZone: 'UTC' }
})
