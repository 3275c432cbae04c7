import { getLocale, getTranslations } from 'next-intl/server'
import type { ReactNode } from 'react'
import { changeOf, formatMoney, formatWait, microsOf, shareOf } from '#app/admin/_overview/amounts.ts'
import { Stat, StatRow } from '#app/admin/_parts/stat.tsx'
import { minorDigits } from '#lib/money.ts'
import type { Figures, Overview } from '#lib/reports/index.ts'

type Shown = { name: Name; of: (figures: Figures) => number | bigint; show: (value: number | bigint) => string }
type Name =
  | 'revenue'
  | 'money'
  | 'sold'
  | 'used'
  | 'owed'
  | 'cost'
  | 'margin'
  | 'people'
  | 'calls'
  | 'tokens'
  | 'errors'
  | 'wait'

/** The figures that matter in one row, each with its change against the period before. */
export async function FigureRow({ overview }: { overview: Overview }) {
  const [t, locale] = await Promise.all([getTranslations('adminOverview'), getLocale()])
  const { now, before, currency } = overview
  const digits = minorDigits(currency)
  const money = (micros: number | bigint) => formatMoney(BigInt(micros), currency, locale)
  const count = (value: number | bigint) =>
    new Intl.NumberFormat(
      locale,
      Number(value) < 100_000 ? {} : { notation: 'compact', maximumFractionDigits: 1 },
    ).format(value)
  const percent = (share: number) =>
    new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: Math.abs(share) < 0.1 ? 1 : 0 }).format(
      share,
    )
  const given = (figures: Figures) => figures.usedMicros - figures.used.paidMicros
  const errorShare = (figures: Figures) => shareOf(figures.errors, figures.calls) ?? 0
  const shown: Shown[] = [
    { name: 'revenue', of: (f) => f.revenueMicros, show: money },
    { name: 'money', of: (f) => microsOf(f.paidMinor - f.refundedMinor - f.disputedMinor, digits), show: money },
    { name: 'sold', of: (f) => f.soldMicros - f.takenBackMicros, show: money },
    { name: 'used', of: (f) => f.usedMicros, show: money },
    { name: 'owed', of: (f) => f.owedMicros, show: money },
    { name: 'cost', of: (f) => f.vendorCostMicros, show: money },
    { name: 'margin', of: (f) => f.earnedMicros, show: money },
    { name: 'people', of: (f) => f.activePeople, show: count },
    { name: 'calls', of: (f) => f.calls, show: count },
    { name: 'tokens', of: tokensOf, show: count },
    { name: 'errors', of: errorShare, show: (share) => percent(Number(share)) },
    { name: 'wait', of: (f) => f.p95Ms ?? 0, show: (ms) => formatWait(Number(ms) || null, locale) },
  ]
  const marginShare = shareOf(now.earnedMicros, now.revenueMicros)
  const about: Partial<Record<Name, string>> = {
    revenue: t('about.revenue'),
    money: t('about.money'),
    sold: t('about.sold', { given: money(now.givenMicros) }),
    used: t('about.used', { paid: money(now.used.paidMicros), given: money(given(now)) }),
    owed: t('about.owed', { paid: money(now.owedPaidMicros) }),
    cost: t('about.cost'),
    margin: t('about.margin'),
    tokens: t('about.tokens', {
      input: count(now.inputTokens + now.cacheReadTokens + now.cacheWriteTokens),
      output: count(now.outputTokens + now.reasoningTokens),
    }),
    errors: t('about.errors', { count: count(now.errors), calls: count(now.calls) }),
    wait: t('about.wait', { p50: formatWait(now.p50Ms, locale) }),
  }
  const changeText = ({ name, of, show }: Shown): { mark: string; text: string } => {
    const [is, was] = [of(now), of(before)]
    // What is a share already, or may be below nothing, changes by no sensible share of itself.
    if (name === 'errors' || name === 'margin') return { mark: '', text: t('change.from', { before: show(was) }) }
    const change = changeOf(is, was)
    if (change === null) return { mark: '', text: t('change.new') }
    if (change === 0) return { mark: '', text: t('change.same') }
    const text = { percent: percent(Math.abs(change)), before: show(was) }
    return change > 0 ? { mark: '↑', text: t('change.up', text) } : { mark: '↓', text: t('change.down', text) }
  }
  return (
    <section aria-label={t('figures')} className="mt-6">
      <StatRow>
        {shown.map((figure) => {
          const { mark, text } = changeText(figure)
          const value: ReactNode =
            figure.name === 'margin' && marginShare !== null ? (
              <>
                <span className={now.earnedMicros < 0n ? 'text-danger' : ''}>{money(now.earnedMicros)}</span>{' '}
                <span className="font-normal text-muted text-sm">{percent(marginShare)}</span>
              </>
            ) : (
              figure.show(figure.of(now))
            )
          return (
            <Stat
              key={figure.name}
              label={<span title={about[figure.name]}>{t(`figure.${figure.name}`)}</span>}
              value={value}
              detail={
                <>
                  <span className="block">
                    {mark && <span aria-hidden="true">{mark} </span>}
                    {text}
                  </span>
                  {about[figure.name] && <span className="mt-1 block text-pretty">{about[figure.name]}</span>}
                </>
              }
            />
          )
        })}
      </StatRow>
    </section>
  )
}

function tokensOf(sums: Figures): number {
  return sums.inputTokens + sums.cacheReadTokens + sums.cacheWriteTokens + sums.outputTokens + sums.reasoningTokens
}
