import { useLocale, useTranslations } from 'next-intl'
import { Stat, StatRow } from '#app/admin/_parts/stat.tsx'
import { formatCredits } from '#lib/money.ts'
import type { PersonTotals } from '#lib/reports/index.ts'

/** What a person's calls came to. */
export function Totals({ totals: { recent, ever } }: { totals: PersonTotals }) {
  const t = useTranslations('adminPeople.totals')
  const locale = useLocale()
  const number = new Intl.NumberFormat(locale)
  const figures = [
    ['calls', number.format(recent.calls), number.format(ever.calls)],
    ['charged', formatCredits(recent.chargedMicros, locale), formatCredits(ever.chargedMicros, locale)],
    ['cost', formatCredits(recent.vendorCostMicros, locale), formatCredits(ever.vendorCostMicros, locale)],
    ['margin', formatCredits(recent.marginMicros, locale), formatCredits(ever.marginMicros, locale)],
  ] as const
  return (
    <StatRow>
      {figures.map(([name, value, before]) => (
        <Stat key={name} label={t(name)} value={value} detail={t('ever', { value: before })} />
      ))}
    </StatRow>
  )
}
