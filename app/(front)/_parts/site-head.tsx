import { getTranslations } from 'next-intl/server'
import { getViewer } from '#app/_server/context.ts'
import { getSiteName } from '#app/_server/site.ts'
import { buttonClass } from '#app/_ui/button.tsx'
import { Logo } from '#app/_ui/logo.tsx'
import { LanguageChoice } from '#app/(front)/_parts/language-choice.tsx'

// Plain links all over: another document comes without a script, and nothing for strangers is kept in memory for somebody
// who signs in.
export async function SiteHead() {
  const [t, name, viewer] = await Promise.all([getTranslations('front'), getSiteName(), getViewer()])
  return (
    <header className="flex items-center justify-between gap-2 pt-[max(1rem,env(safe-area-inset-top))]">
      <a
        href="/"
        aria-label={t('home', { site: name })}
        className="flex min-h-11 min-w-0 items-center gap-2.5 rounded-lg font-semibold text-sm sm:text-base"
      >
        <Logo className="size-7 shrink-0" />
        <span className="truncate">{name}</span>
      </a>
      <div className="flex shrink-0 items-center gap-1 sm:gap-2">
        <a href="/prices" className={buttonClass('quiet', 'small', 'max-sm:hidden')}>
          {t('prices')}
        </a>
        <LanguageChoice />
        {viewer ? (
          <a href="/" className={buttonClass('primary', 'small')}>
            {t('openChat')}
          </a>
        ) : (
          <a href="/sign-in" className={buttonClass('secondary', 'small')}>
            {t('signIn')}
          </a>
        )}
      </div>
    </header>
  )
}
