import { getLocale, getTranslations } from 'next-intl/server'
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

/** Beyond it a percentage says less than the two figures do. */
const TENFOLD = 9

const MEANINGS = ['revenue', 'money', 'sold', 'used', 'owed', 'cost', 'margin', 'people', 'errors', 'wait'] as const

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
  const percent = (share: number, signDisplay: 'auto' | 'exceptZero' = 'auto') =>
    new Intl.NumberFormat(locale, {
      style: 'percent',
      maximumFractionDigits: Math.abs(share) < 0.1 ? 1 : 0,
      signDisplay,
    }).format(share)
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
  const parts: Partial<Record<Name, string>> = {
    sold: t('parts.sold', { given: money(now.givenMicros) }),
    used: t('parts.used', { paid: money(now.used.paidMicros), given: money(given(now)) }),
    owed: t('parts.owed', { paid: money(now.owedPaidMicros) }),
    tokens: t('parts.tokens', {
      input: count(now.inputTokens + now.cacheReadTokens + now.cacheWriteTokens),
      output: count(now.outputTokens + now.reasoningTokens),
    }),
    errors: t('parts.errors', { count: count(now.errors), calls: count(now.calls) }),
    wait: t('parts.wait', { p50: formatWait(now.p50Ms, locale) }),
    margin: marginShare === null ? undefined : t('parts.margin', { percent: percent(marginShare) }),
  }
  const changeText = ({ name, of, show }: Shown): string => {
    const [is, was] = [of(now), of(before)]
    if (Number(is) === Number(was)) return t('change.same')
    // What is a share already, or was below nothing, changes by no sensible share of itself.
    const change = name === 'errors' || name === 'margin' || was < 0 ? null : changeOf(is, was)
    if (change !== null && change > TENFOLD) return t('change.from', { before: show(was) })
    if (change !== null) return t('change.by', { percent: percent(change, 'exceptZero'), before: show(was) })
    return Number(was) === 0 ? t('change.new') : t('change.from', { before: show(was) })
  }
  return (
    <section aria-label={t('figures')} className="mt-6">
      <StatRow>
        {shown.map((figure) => (
          <Stat
            key={figure.name}
            label={t(`figure.${figure.name}`)}
            value={
              <span className={figure.name === 'margin' && now.earnedMicros < 0n ? 'text-danger' : ''}>
                {figure.show(figure.of(now))}
              </span>
            }
            detail={
              <>
                <span className="block">{changeText(figure)}</span>
                {parts[figure.name] && <span className="block">{parts[figure.name]}</span>}
              </>
            }
          />
        ))}
      </StatRow>
      <details className="mt-2 text-sm">
        <summary className="inline-flex items-center text-muted text-xs underline underline-offset-4 hover:text-ink touch:min-h-11">
          {t('meaning.title')}
        </summary>
        <dl className="mt-2 grid gap-x-6 gap-y-2 rounded-2xl border border-line p-4 text-muted text-xs sm:grid-cols-2">
          {MEANINGS.map((name) => (
            <div key={name}>
              <dt className="inline font-medium text-ink">{t(`figure.${name}`)}</dt>{' '}
              <dd className="inline">{t(`meaning.${name}`)}</dd>
            </div>
          ))}
        </dl>
      </details>
    </section>
  )
}

function tokensOf(sums: Figures): number {
  return sums.inputTokens + sums.cacheReadTokens + sums.cacheWriteTokens + sums.outputTokens + sums.reasoningTokens
}
