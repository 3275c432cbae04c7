'use client'

import { ReceiptText } from 'lucide-react'
import { useLocale, useTranslations } from 'next-intl'
import { lazy, Suspense, useRef, useState } from 'react'
import { formatSeconds } from '#app/_ui/receipt/format-seconds.ts'
import type { Receipt } from '#lib/inference/shared.ts'
import { decodeMicros, formatCredits } from '#lib/money.ts'

const ReceiptPanel = lazy(() => import('#app/_ui/receipt/receipt-panel.tsx'))

/** Under each answer: model, tokens, credits and seconds. Opens the receipt. */
export function MoneyLine({ receipt }: { receipt: Receipt }) {
  const t = useTranslations('receipt')
  const locale = useLocale()
  const button = useRef<HTMLButtonElement>(null)
  const [isLoaded, setLoaded] = useState(false)
  const [isOpen, setOpen] = useState(false)
  const { usage } = receipt
  const tokens =
    usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens + usage.outputTokens + usage.reasoningTokens
  const charged = decodeMicros(receipt.chargedMicros)
  const parts = [
    receipt.modelName,
    tokens > 0 ? t('tokens', { count: tokens }) : null,
    charged > 0n ? t('credits', { amount: formatCredits(charged, locale) }) : t('free'),
    formatSeconds(receipt.durationMs, locale),
  ].filter((part) => part !== null)

  return (
    <>
      <button
        ref={button}
        type="button"
        aria-haspopup="dialog"
        aria-expanded={isOpen}
        title={t('open')}
        onPointerEnter={() => setLoaded(true)}
        onClick={() => {
          setLoaded(true)
          setOpen(!isOpen)
        }}
        className="figures -ms-2 flex min-h-8 min-w-0 flex-wrap items-center gap-x-1.5 rounded-lg px-2 text-start text-muted text-xs transition-colors duration-150 hover:bg-soft hover:text-ink aria-expanded:bg-soft aria-expanded:text-ink touch:min-h-11"
      >
        <ReceiptText className="size-3.5 shrink-0" aria-hidden="true" />
        {parts.map((part, index) => (
          // On a phone the seconds would stand alone on a second line; the receipt has them.
          <span key={part} className={`whitespace-nowrap ${index === parts.length - 1 ? 'max-sm:hidden' : ''}`}>
            {index > 0 && (
              <span aria-hidden="true" className="me-1.5">
                ·
              </span>
            )}
            {part}
          </span>
        ))}
        <span className="sr-only">{t('open')}</span>
      </button>
      {isLoaded && (
        <Suspense>
          <ReceiptPanel receipt={receipt} anchor={button} open={isOpen} onOpenChange={setOpen} />
        </Suspense>
      )}
    </>
  )
}
