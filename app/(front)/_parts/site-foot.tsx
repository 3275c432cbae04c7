import { getTranslations } from 'next-intl/server'
import type { ReactNode } from 'react'
import { getFrontFacts } from '#app/_server/front-facts.ts'
import { Contact } from '#app/_ui/contact.tsx'
import { ThemeSwitch } from '#app/_ui/theme-switch.tsx'
import { registerOf } from '#app/(front)/_parts/registration.ts'

export async function SiteFoot() {
  const [t, { terms, privacy, registrationNumber }] = await Promise.all([getTranslations('front'), getFrontFacts()])
  const register = registrationNumber && registerOf(registrationNumber)
  return (
    <footer className="flex flex-wrap items-center justify-between gap-x-6 gap-y-3 border-line border-t pt-4 pb-[max(1.25rem,env(safe-area-inset-bottom))] text-muted text-xs">
      <div className="grid min-w-0 gap-1">
        <nav aria-label={t('nav')} className="flex flex-wrap gap-x-5">
          <FootLink href="/prices">{t('prices')}</FootLink>
          {terms && <FootLink href="/terms">{t('terms')}</FootLink>}
          {privacy && <FootLink href="/privacy">{t('privacy')}</FootLink>}
        </nav>
        <Contact />
        {registrationNumber && (
          <p className="break-words [text-autospace:no-autospace]">
            {register ? <FootLink href={register}>{registrationNumber}</FootLink> : registrationNumber}
          </p>
        )}
      </div>
      <ThemeSwitch />
    </footer>
  )
}

function FootLink({ href, children }: { href: string; children: ReactNode }) {
  return (
    <a
      href={href}
      className="inline-flex items-center underline-offset-4 hover:text-ink hover:underline touch:min-h-11"
    >
      {children}
    </a>
  )
}
