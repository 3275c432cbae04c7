import { useLocale, useTranslations } from 'next-intl'
import { aboutCount } from '#app/_ui/about-count.ts'
import { Alert } from '#app/_ui/alert.tsx'
import { buttonClass } from '#app/_ui/button.tsx'
import { Card } from '#app/_ui/card.tsx'
import type { Balance } from '#lib/inference/index.ts'
import { formatCredits, formatWorth } from '#lib/money.ts'

type BalanceCardProps = {
  balance: Balance
  /** Nothing has ever come in. */
  isUntouched: boolean
  /** The page has something to buy. */
  canBuy: boolean
  currency: string
  timeZone: string
}

/** What can be spent, what it is worth, how long it lasts, and what of it will not. */
export function BalanceCard({ balance, isUntouched, canBuy, currency, timeZone }: BalanceCardProps) {
  const t = useTranslations('credits.balance')
  const locale = useLocale()
  const { availableMicros, heldMicros, messagesLeft, expiring } = balance
  const day = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone })
  const sentences = [
    availableMicros > 0n && t('worth', { amount: formatWorth(availableMicros, currency, locale) }),
    messagesLeft !== null && messagesLeft > 0 && t('messagesLeft', { count: aboutCount(messagesLeft) }),
  ].filter((sentence) => sentence !== false)
  return (
    <Card>
      <p className="figures flex flex-wrap items-baseline gap-x-2">
        <span className="font-semibold text-4xl leading-tight">{formatCredits(availableMicros, locale, 'down')}</span>
        <span className="text-muted">{t('available')}</span>
      </p>
      {sentences.length > 0 && <p className="figures mt-1 text-muted text-sm">{sentences.join(' · ')}</p>}
      {heldMicros > 0n && (
        <p className="figures mt-3 text-sm">{t('held', { amount: formatCredits(heldMicros, locale) })}</p>
      )}
      {expiring.length > 0 && (
        <ul className="figures mt-3 grid gap-0.5 text-sm">
          {expiring.map(({ micros, at }) => (
            <li key={at.getTime()}>{t('expires', { amount: formatCredits(micros, locale), date: day.format(at) })}</li>
          ))}
        </ul>
      )}
      {balance.isSuspended && (
        <div className="mt-4">
          <Alert tone="danger">{t('suspended')}</Alert>
        </div>
      )}
      {balance.state !== 'fine' && (
        <div className="mt-4">
          <Alert
            tone="warning"
            action={
              canBuy && (
                <a href="#buy" className={buttonClass('secondary', 'small', '-my-1')}>
                  {t('buy')}
                </a>
              )
            }
          >
            {t(isUntouched ? 'untouched' : adviceFor(balance))}
          </Alert>
        </div>
      )}
    </Card>
  )
}

function adviceFor({ state, heldMicros }: Balance): 'allHeld' | 'empty' | 'low' {
  if (state === 'low') return 'low'
  return heldMicros > 0n ? 'allHeld' : 'empty'
}
