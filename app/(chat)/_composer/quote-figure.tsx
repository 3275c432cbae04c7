'use client'

import { useLocale, useTranslations } from 'next-intl'
import type { Quote } from '#lib/inference/shared.ts'
import { decodeMicros, formatCredits } from '#lib/money.ts'

type QuoteFigureProps = {
  atMostMicros: string
  isFree: boolean
  isCurrent: boolean
  isOpen: boolean
  onToggle: () => void
  detailsId: string
}

/** The most this message can cost; opens what that is made of. */
export function QuoteFigure({ atMostMicros, isFree, isCurrent, isOpen, onToggle, detailsId }: QuoteFigureProps) {
  const t = useTranslations('chat.quote')
  const locale = useLocale()
  const amount = formatCredits(decodeMicros(atMostMicros), locale)
  return (
    <button
      type="button"
      aria-expanded={isOpen}
      aria-controls={detailsId}
      onClick={onToggle}
      className={`figures h-8 shrink-0 whitespace-nowrap rounded-lg px-2 text-muted text-xs transition duration-150 hover:bg-soft hover:text-ink aria-expanded:bg-soft aria-expanded:text-ink touch:h-11 ${isCurrent ? '' : 'opacity-60'}`}
    >
      {isFree ? t('free') : t('atMost', { amount })}
      <span className="sr-only">: {t('explain')}</span>
    </button>
  )
}

/** How much of it is the old context, what is left out of that, and what becomes of the rest. */
export function QuoteDetails({ quote, atMostMicros }: { quote: Quote; atMostMicros: string }) {
  const t = useTranslations('chat.quote')
  const locale = useLocale()
  const credits = (micros: string) => formatCredits(decodeMicros(micros), locale)
  return (
    <div className="mx-4 mb-1 border-line border-t pt-2 text-muted text-xs">
      <dl className="figures grid gap-y-1">
        <Row label={t('held')}>{credits(atMostMicros)}</Row>
        {quote.historyTokens > 0 && (
          <Row label={t('history', { count: quote.historyTokens })}>{credits(quote.historyMicros)}</Row>
        )}
        {quote.omittedTurns > 0 && (
          <Row label={t('omitted')}>{new Intl.NumberFormat(locale).format(quote.omittedTurns)}</Row>
        )}
        <Row label={t('available')}>{credits(quote.availableMicros)}</Row>
      </dl>
      <p className="mt-1.5">{quote.shortened ? t('shortened') : t('rest')}</p>
    </div>
  )
}

function Row({ label, children }: { label: string; children: string }) {
  return (
    <div className="flex items-baseline justify-between gap-4">
      <dt>{label}</dt>
      <dd className="text-ink">{children}</dd>
    </div>
  )
}
