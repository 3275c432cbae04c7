'use client'

import { ChevronDown, Languages } from 'lucide-react'
import { useLocale, useTranslations } from 'next-intl'
import { useId, useTransition } from 'react'
import { setLocale } from '#app/_server/preferences.ts'
import { useSite } from '#app/_ui/site.tsx'
import { LOCALE_NAMES, LOCALES, type Locale } from '#lib/i18n/shared.ts'

/** The interface language, each under its own name; takes effect at once and stays. */
export function LanguageSwitch() {
  const t = useTranslations('common')
  const locale = useLocale()
  const [pending, startTransition] = useTransition()
  const id = useId()
  const { languages } = useSite()
  const offered = LOCALES.filter((option) => languages.includes(option))
  if (offered.length < 2) return null
  return (
    <div className="needs-script relative inline-flex items-center text-muted text-sm hover:text-ink">
      <Languages className="pointer-events-none absolute start-2.5 size-4" aria-hidden="true" />
      <label htmlFor={id} className="sr-only">
        {t('language')}
      </label>
      <select
        id={id}
        key={locale}
        defaultValue={locale}
        disabled={pending}
        onChange={(event) => {
          const chosen = event.target.value as Locale
          startTransition(async () => {
            await setLocale({ locale: chosen })
          })
        }}
        className="h-9 cursor-pointer appearance-none rounded-lg bg-transparent ps-9 pe-8 transition-colors duration-150 hover:bg-soft touch:h-11 touch:text-base"
      >
        {offered.map((option) => (
          <option key={option} value={option} lang={option} className="bg-raised text-ink">
            {LOCALE_NAMES[option]}
          </option>
        ))}
      </select>
      <ChevronDown className="pointer-events-none absolute end-2.5 size-3.5" aria-hidden="true" />
    </div>
  )
}
