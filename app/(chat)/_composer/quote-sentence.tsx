'use client'

import { TriangleAlert } from 'lucide-react'
import Link from 'next/link'
import { useLocale, useTranslations } from 'next-intl'
import type { ReactNode } from 'react'
import { aboutCount } from '#app/_ui/about-count.ts'
import { creditsHref, useFailureText } from '#app/(chat)/_thread/failure-text.ts'
import type { Quote, Refusal } from '#lib/inference/shared.ts'
import { decodeMicros, formatCredits } from '#lib/money.ts'

/** With fewer messages left somebody wants to know. */
const LOW_BELOW_MESSAGES = 10

type QuoteSentenceProps = { quote: Quote | null; refusal: Refusal | null; wasBlocked: boolean }

/** One sentence about the money of the message in the box, when there is something to say. */
export function QuoteSentence({ quote, refusal, wasBlocked }: QuoteSentenceProps) {
  const t = useTranslations('chat.quote')
  const failureText = useFailureText()
  const warning = useWarning(quote)
  if (refusal) {
    return (
      // Another key is another element, which is read out again when sending was tried.
      <Sentence
        key={String(wasBlocked)}
        isRefusal
        role={wasBlocked ? 'alert' : undefined}
        wayOn={creditsHref(refusal.code)}
      >
        {failureText(refusal)}
      </Sentence>
    )
  }
  if (!quote?.shortenedBy) return warning && <Sentence wayOn={warning.href}>{warning.text}</Sentence>
  const text = t('mayEndEarly', { before: warning?.text ?? '' }).trim()
  const wayOn = creditsHref(quote.shortenedBy === 'cap' ? 'spend_cap_reached' : 'insufficient_credits')
  return <Sentence wayOn={wayOn}>{text}</Sentence>
}

/** What runs out first is told: the balance, or a cap of the person's own. */
function useWarning(quote: Quote | null): { text: string; href: string } | null {
  const t = useTranslations('chat.quote')
  const locale = useLocale()
  if (!quote) return null
  const availableMicros = decodeMicros(quote.availableMicros)
  const cap = quote.caps
    .filter(({ near }) => near)
    .toSorted((a, b) => (decodeMicros(a.leftMicros) < decodeMicros(b.leftMicros) ? -1 : 1))[0]
  const isLow = quote.messagesLeft !== null && quote.messagesLeft < LOW_BELOW_MESSAGES
  if (cap && (!isLow || decodeMicros(cap.leftMicros) < availableMicros)) {
    const limit = formatCredits(decodeMicros(cap.limitMicros), locale)
    const share = new Intl.NumberFormat(locale, { style: 'percent' }).format(cap.usedPercent / 100)
    return { text: t('capNear', { period: cap.period, share, limit }), href: creditsHref('spend_cap_reached')! }
  }
  if (!isLow) return null
  return { text: t('low', { count: aboutCount(quote.messagesLeft!) }), href: creditsHref('insufficient_credits')! }
}

type SentenceProps = { isRefusal?: boolean; wayOn: string | null; role?: 'alert'; children: ReactNode }

function Sentence({ isRefusal, wayOn, role, children }: SentenceProps) {
  const t = useTranslations('chat')
  return (
    <p role={role} className="flex items-start gap-2 px-4 pt-1 pb-1.5 text-sm">
      {isRefusal && <TriangleAlert className="mt-[0.2em] size-4 shrink-0 text-warning" aria-hidden="true" />}
      <span className="min-w-0">
        {children}{' '}
        {wayOn && (
          <Link href={wayOn} prefetch={false} className="whitespace-nowrap text-accent underline underline-offset-4">
            {t('toCredits')}
          </Link>
        )}
      </span>
    </p>
  )
}
