import { ArrowLeft } from 'lucide-react'
import type { Metadata } from 'next'
import Link from 'next/link'
import { getTranslations } from 'next-intl/server'
import { NuqsAdapter } from 'nuqs/adapters/next/app'
import type { ReactNode } from 'react'
import { requirePageAdmin } from '#app/_server/context.ts'
import { ClientMessages } from '#app/_server/messages.tsx'
import { getSiteName } from '#app/_server/site.ts'
import { buttonClass } from '#app/_ui/button.tsx'
import { Logo } from '#app/_ui/logo.tsx'
import { AdminNav } from '#app/admin/_parts/admin-nav.tsx'
import { AdminNavSheet } from '#app/admin/_parts/admin-nav-sheet.tsx'

export async function generateMetadata(): Promise<Metadata> {
  const [t, siteName] = await Promise.all([getTranslations('admin'), getSiteName()])
  const title = t('title')
  return {
    title: { default: `${title} · ${siteName}`, template: `%s · ${title} · ${siteName}` },
    robots: { index: false },
  }
}

export default async function AdminLayout({ children }: { children: ReactNode }) {
  await requirePageAdmin()
  const t = await getTranslations('admin')
  const back = (
    <Link href="/" className={buttonClass('quiet', 'small', '-ms-2.5')}>
      <ArrowLeft className="size-4" aria-hidden="true" />
      {t('back')}
    </Link>
  )
  return (
    <ClientMessages namespaces={['admin']}>
      <NuqsAdapter>
        <div className="min-h-(--screen) lg:grid lg:grid-cols-[14rem_minmax(0,1fr)]">
          <header className="sticky top-(--banner) z-20 flex items-center gap-2 border-line border-b bg-canvas px-4 py-2 pt-[max(0.5rem,env(safe-area-inset-top))] lg:hidden print:hidden">
            <AdminNavSheet>{back}</AdminNavSheet>
          </header>
          <aside className="max-lg:hidden lg:border-line lg:border-e lg:bg-surface print:hidden">
            <div className="sticky top-(--banner) flex max-h-(--screen) flex-col gap-5 overflow-y-auto p-4">
              <p className="flex items-center gap-2 px-2 pt-1 font-semibold">
                <Logo className="size-5" />
                {t('title')}
              </p>
              <AdminNav />
              <div className="px-2">{back}</div>
            </div>
          </aside>
          <main className="mx-auto w-full min-w-0 max-w-6xl px-4 pt-5 pb-[max(4rem,env(safe-area-inset-bottom))] sm:px-6 lg:px-8 lg:pt-8">
            {children}
          </main>
        </div>
      </NuqsAdapter>
    </ClientMessages>
  )
}
