import '#app/globals.css'
import type { Metadata, Viewport } from 'next'
import { cookies } from 'next/headers'
import { getLocale, getTranslations } from 'next-intl/server'
import type { ReactNode } from 'react'
import { ClientMessages } from '#app/_server/messages.tsx'
import { getSiteName } from '#app/_server/site.ts'
import { THEME_COOKIE, themeAttribute } from '#app/_ui/theme.ts'
import { getEnv } from '#lib/env.ts'

export async function generateMetadata(): Promise<Metadata> {
  const [t, siteName] = await Promise.all([getTranslations('common'), getSiteName()])
  return {
    title: { default: siteName, template: `%s · ${siteName}` },
    description: t('tagline'),
    // A phone would make numbers of tokens and credits into telephone links.
    formatDetection: { telephone: false, email: false, address: false },
  }
}

export const viewport: Viewport = {
  width: 'device-width',
  initialScale: 1,
  viewportFit: 'cover',
  // The composer stays above the keyboard instead of under it.
  interactiveWidget: 'resizes-content',
  themeColor: [
    { media: '(prefers-color-scheme: light)', color: '#fdfcfa' },
    { media: '(prefers-color-scheme: dark)', color: '#1a1816' },
  ],
}

export default async function RootLayout({ children }: { children: ReactNode }) {
  const [locale, store, t] = await Promise.all([getLocale(), cookies(), getTranslations('common')])
  const notice = moneyNotice()
  return (
    <html
      lang={locale}
      data-theme={themeAttribute(store.get(THEME_COOKIE)?.value)}
      className={notice ? 'has-banner' : undefined}
    >
      <body>
        {notice && (
          <aside aria-label={t('notice')} className="banner">
            {t(notice)}
          </aside>
        )}
        <ClientMessages>{children}</ClientMessages>
      </body>
    </html>
  )
}

/** What every page says while credits can be bought without money: with the stand-in, or with a test key of Stripe. */
function moneyNotice(): 'demoPay' | 'testPay' | null {
  const { UB_DEMO_PAY, STRIPE_SECRET_KEY } = getEnv()
  if (UB_DEMO_PAY === '1') return 'demoPay'
  return STRIPE_SECRET_KEY && !/^\w\w_live_/.test(STRIPE_SECRET_KEY) ? 'testPay' : null
}
