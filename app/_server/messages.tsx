import { NextIntlClientProvider } from 'next-intl'
import { getLocale } from 'next-intl/server'
import type { ReactNode } from 'react'
import { type Namespace, pickMessages } from '#lib/i18n/index.ts'

// Every page may show an error and its own chrome.
const ALWAYS = ['common', 'errors'] as const satisfies Namespace[]

/** Gives client components the texts of these namespaces, besides `common` and `errors`, and no others. */
export async function ClientMessages({ namespaces = [], children }: { namespaces?: Namespace[]; children: ReactNode }) {
  const locale = await getLocale()
  return (
    <NextIntlClientProvider messages={pickMessages(locale, [...ALWAYS, ...namespaces])}>
      {children}
    </NextIntlClientProvider>
  )
}
