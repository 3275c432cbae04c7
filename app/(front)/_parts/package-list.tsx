import { getLocale, getTranslations } from 'next-intl/server'
import type { FrontFacts } from '#app/_server/front-facts.ts'
import { formatCredits, formatPrice } from '#lib/money.ts'

/** What credits are sold for now. */
export async function PackageList({ packages }: Pick<FrontFacts, 'packages'>) {
  const [t, locale] = await Promise.all([getTranslations('front.packages'), getLocale()])
  return (
    <section aria-labelledby="packages">
      <h2 id="packages" className="font-semibold text-xl">
        {t('title')}
      </h2>
      <ul className="figures mt-4 max-w-[28rem] border-line border-t">
        {packages.map(({ id, creditsMicros, bonusMicros, priceMinor, currency }) => (
          <li key={id} className="flex items-baseline justify-between gap-4 border-line border-b py-2.5">
            <span>
              {t('credits', { credits: formatCredits(creditsMicros, locale) })}
              {bonusMicros > 0n && (
                <span className="text-muted text-sm"> {t('bonus', { bonus: formatCredits(bonusMicros, locale) })}</span>
              )}
            </span>
            <span className="font-medium">{formatPrice(priceMinor, currency, locale)}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}
