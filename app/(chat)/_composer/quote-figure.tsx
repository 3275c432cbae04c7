'use client'

import { useLocale, useTranslations } from 'next-intl'
import type { Quote } from '#lib/inference/shared.ts'
import { decodeMicros, formatCredits, type Rounding } from '#lib/money.ts'

/** Less than this share of a message's price is not worth a word. */
const WORTH_SAYING = 0.1

type QuoteFigureProps = {
  quote: Quote
  atMostMicros: string
  isFree: boolean
  isCurrent: boolean
  isOpen: boolean
  onToggle: () => void
  detailsId: string
}

/** The most this message can cost; opens what that is made of. */
export function QuoteFigure({ quote, atMostMicros, isFree, isCurrent, isOpen, onToggle, detailsId }: QuoteFigureProps) {
  const t = useTranslations('chat.quote')
  const locale = useLocale()
  const amount = formatCredits(decodeMicros(atMostMicros), locale, 'up')
  const ofHistory = Number(quote.historyMicros) / Number(atMostMicros)
  const share = new Intl.NumberFormat(locale, { style: 'percent' }).format(ofHistory)
  return (
    <button
      type="button"
      aria-expanded={isOpen}
      aria-controls={detailsId}
      onClick={onToggle}
      className={`figures h-8 shrink-0 whitespace-nowrap rounded-lg px-2 text-muted text-xs transition duration-150 hover:bg-soft hover:text-ink aria-expanded:bg-soft aria-expanded:text-ink touch:h-11 ${isCurrent ? '' : 'opacity-60'}`}
    >
      {isFree ? t('free') : t('atMost', { amount })}
      {!isFree && ofHistory >= WORTH_SAYING && <span className="max-sm:hidden"> · {t('ofHistory', { share })}</span>}
      <span className="sr-only">: {t('explain')}</span>
    </button>
  )
}

/** How much of it is the old context, what is left out of that, and what becomes of the rest. */
export function QuoteDetails({ quote, atMostMicros }: { quote: Quote; atMostMicros: string }) {
  const t = useTranslations('chat.quote')
  const locale = useLocale()
  const credits = (micros: string, rounding?: Rounding) => formatCredits(decodeMicros(micros), locale, rounding)
  return (
    <div className="mx-4 mb-1 border-line border-t pt-2 text-muted text-xs">
      <dl className="figures grid gap-y-1">
        <Row label={t('held')}>{credits(atMostMicros, 'up')}</Row>
        {quote.historyTokens > 0 && (
          <Row label={t('history', { count: quote.historyTokens })}>{credits(quote.historyMicros)}</Row>
        )}
        {quote.omittedTurns > 0 && (
          <Row label={t('omitted')}>{new Intl.NumberFormat(locale).format(quote.omittedTurns)}</Row>
        )}
        <Row label={t('available')}>{credits(quote.availableMicros, 'down')}</Row>
      </dl>
      <p className="mt-1.5">{quote.shortenedBy ? t('shortened') : t('rest')}</p>
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
