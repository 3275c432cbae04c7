import { getLocale, getTranslations } from 'next-intl/server'
import { setLocale } from '#app/_server/preferences.ts'
import { getSite } from '#app/_server/site.ts'
import { buttonClass } from '#app/_ui/button.tsx'
import { LOCALE_NAMES, LOCALES } from '#lib/i18n/shared.ts'

/** The other languages, each under its own name: a form, so that it works without JavaScript too. */
export async function LanguageChoice() {
  const [t, locale, { languages }] = await Promise.all([getTranslations('front'), getLocale(), getSite()])
  const others = LOCALES.filter((one) => one !== locale && languages.includes(one))
  if (others.length === 0) return null
  return (
    <form action={setLocale as unknown as (form: FormData) => Promise<void>} aria-label={t('language')}>
      {others.map((one) => (
        <button
          key={one}
          type="submit"
          name="locale"
          value={one}
          lang={one}
          className={buttonClass('quiet', 'small', 'max-sm:px-1.5!')}
        >
          {LOCALE_NAMES[one]}
        </button>
      ))}
    </form>
  )
}
