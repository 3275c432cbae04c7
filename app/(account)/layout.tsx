import { ArrowLeft } from 'lucide-react'
import Link from 'next/link'
import { getTranslations } from 'next-intl/server'
import type { ReactNode } from 'react'
import { getViewer } from '#app/_server/context.ts'
import { ClientMessages } from '#app/_server/messages.tsx'
import { buttonClass } from '#app/_ui/button.tsx'
import { Contact } from '#app/_ui/contact.tsx'
import { AccountNav } from '#app/(account)/account-nav.tsx'

export default async function AccountLayout({ children }: { children: ReactNode }) {
  const [t, viewer] = await Promise.all([getTranslations('account'), getViewer()])
  return (
    <ClientMessages namespaces={['account']}>
      <div className="mx-auto min-h-(--screen) w-full max-w-column px-5 pt-[max(1rem,env(safe-area-inset-top))] pb-[max(3rem,env(safe-area-inset-bottom))]">
        <header className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 print:hidden">
          <Link href="/" className={buttonClass('quiet', 'small', '-ms-2.5')}>
            <ArrowLeft className="size-4" aria-hidden="true" />
            {t('back')}
          </Link>
          <AccountNav isAdmin={viewer?.actor.role === 'admin'} />
        </header>
        <main className="mt-4">{children}</main>
        <footer className="mt-10 print:hidden">
          <Contact />
        </footer>
      </div>
    </ClientMessages>
  )
}
