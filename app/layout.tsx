import '#app/globals.css'
import type { Metadata, Viewport } from 'next'
import { cookies } from 'next/headers'
import { getLocale, getTranslations } from 'next-intl/server'
import type { CSSProperties, ReactNode } from 'react'
import { ClientMessages } from '#app/_server/messages.tsx'
import { getNotice, getSite, logoAddress } from '#app/_server/site.ts'
import { NoticeBar } from '#app/_ui/notice-bar.tsx'
import { noticeLines } from '#app/_ui/notice-key.ts'
import { SiteProvider } from '#app/_ui/site.tsx'
import { THEME_COOKIE, themeAttribute } from '#app/_ui/theme.ts'
import { getEnv } from '#lib/env.ts'

export async function generateMetadata(): Promise<Metadata> {
  const [t, site] = await Promise.all([getTranslations('common'), getSite()])
  return {
    title: { default: site.name, template: `%s · ${site.name}` },
    description: t('tagline'),
    icons: logoAddress(site) ?? '/icon.svg',
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
  const [locale, store, t, site, notice] = await Promise.all([
    getLocale(),
    cookies(),
    getTranslations('common'),
    getSite(),
    getNotice(),
  ])
  const money = moneyNotice()
  const classes = [money && 'has-money-notice', notice && 'has-notice'].filter(Boolean).join(' ')
  return (
    <html
      lang={locale}
      data-theme={themeAttribute(store.get(THEME_COOKIE)?.value)}
      data-accent={site.accent}
      className={classes || undefined}
      style={notice ? linesOf(notice.text) : undefined}
      // A page out of a cache is told by a script what its browser has chosen.
      suppressHydrationWarning
    >
      <body>
        <SiteProvider
          site={{ name: site.name, logo: logoAddress(site), contact: site.contact, languages: site.languages }}
        >
          <ClientMessages>
            {(money || notice) && (
              <div className="banners">
                {money && (
                  <aside aria-label={t('notice')} className="banner">
                    {t(money)}
                  </aside>
                )}
                {notice && <NoticeBar {...notice} />}
              </div>
            )}
            {children}
          </ClientMessages>
        </SiteProvider>
      </body>
    </html>
  )
}

function linesOf(text: string): CSSProperties {
  const { phone, tablet, desktop } = noticeLines(text)
  return { '--lines-phone': phone, '--lines-tablet': tablet, '--lines-desktop': desktop } as CSSProperties
}

/** What every page says while credits can be bought without money: with the stand-in, or with a test key of Stripe. */
function moneyNotice(): 'demoPay' | 'testPay' | null {
  const { UB_DEMO_PAY, STRIPE_SECRET_KEY } = getEnv()
  if (UB_DEMO_PAY === '1') return 'demoPay'
  return STRIPE_SECRET_KEY && !/^\w\w_live_/.test(STRIPE_SECRET_KEY) ? 'testPay' : null
}
