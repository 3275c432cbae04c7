import { useLocale, useTranslations } from 'next-intl'
import { share } from '#app/_ui/chart/amount-scale.ts'
import type { listOwnCaps } from '#lib/inference/index.ts'
import { formatCredits } from '#lib/money.ts'

type Caps = Awaited<ReturnType<typeof listOwnCaps>>

const NEAR_PERCENT = 80

type CapBarsProps = {
  caps: Caps
  timeZone: string
  /** One below the other, where there is no room beside. */
  stacked?: boolean
}

/** How much of each cap is used, running answers included, and when it begins anew. */
export function CapBars({ caps, timeZone, stacked = false }: CapBarsProps) {
  const t = useTranslations('credits.caps')
  const locale = useLocale()
  const when = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', timeZone })
  if (caps.length === 0) return null
  return (
    <ul className={`mb-6 grid gap-5 ${stacked ? '' : 'sm:grid-cols-2'}`}>
      {caps.map(({ period, limitMicros, spentMicros, heldMicros, leftMicros, windowEnd }) => {
        const percent = Math.min(100, share(spentMicros + heldMicros, limitMicros))
        const values = {
          used: formatCredits(spentMicros + heldMicros, locale),
          limit: formatCredits(limitMicros, locale),
        }
        return (
          <li key={period} className="figures text-sm">
            <p className="flex items-baseline justify-between gap-3">
              <span id={`cap-${period}`}>{t(`used.${period}`, values)}</span>
              <span className="text-muted text-xs">
                {t('left', { amount: formatCredits(leftMicros, locale, 'down') })}
              </span>
            </p>
            <div
              role="progressbar"
              aria-labelledby={`cap-${period}`}
              aria-valuemin={0}
              aria-valuemax={100}
              aria-valuenow={Math.round(percent)}
              className="mt-1.5 h-2 overflow-hidden rounded-full bg-soft"
            >
              <div
                className={`h-full rounded-full ${percent >= NEAR_PERCENT ? 'bg-warning' : 'bg-accent'}`}
                style={{ width: `${percent}%` }}
              />
            </div>
            <p className="mt-1 text-muted text-xs">
              {heldMicros > 0n && `${t('held', { amount: formatCredits(heldMicros, locale) })} · `}
              {t('renews', { at: when.format(windowEnd) })}
            </p>
          </li>
        )
      })}
    </ul>
  )
}
