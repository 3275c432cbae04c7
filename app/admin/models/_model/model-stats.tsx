import { useLocale, useTranslations } from 'next-intl'
import { Stat, StatRow } from '#app/admin/_parts/stat.tsx'
import { marginPermille } from '#lib/models/shared.ts'
import { formatCredits } from '#lib/money.ts'

type ModelStatsProps = {
  /** The last thirty days; null when nobody called it. */
  sold: { calls: number; errors: number; chargedMicros: bigint; vendorCostMicros: bigint; marginMicros: bigint } | null
}

/** What the last thirty days of a model came to. */
export function ModelStats({ sold }: ModelStatsProps) {
  const t = useTranslations('adminModels.model')
  const locale = useLocale()
  const percent = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 })
  const credits = (micros: bigint) => formatCredits(micros, locale)
  const calls = sold?.calls ?? 0
  const margin = sold && marginPermille(sold.chargedMicros, sold.vendorCostMicros)
  return (
    <StatRow>
      <Stat
        label={t('calls')}
        value={new Intl.NumberFormat(locale).format(calls)}
        detail={sold && calls > 0 && t('errors', { share: percent.format(sold.errors / calls) })}
      />
      <Stat label={t('charged')} value={credits(sold?.chargedMicros ?? 0n)} />
      <Stat label={t('vendorCost')} value={credits(sold?.vendorCostMicros ?? 0n)} />
      <Stat
        label={t('margin')}
        value={
          <span className={sold && sold.marginMicros < 0n ? 'text-danger' : ''}>
            {credits(sold?.marginMicros ?? 0n)}
          </span>
        }
        detail={margin !== null && percent.format(margin / 1_000)}
      />
    </StatRow>
  )
}
