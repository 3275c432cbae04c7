'use client'

import { Check, Copy } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { Button } from '#app/_ui/button.tsx'
import { copyText } from '#app/_ui/copy-text.ts'

/** @param label says what is copied, for who cannot see what stands beside it */
export function CopyButton({ text, label }: { text: string; label: string }) {
  const t = useTranslations('orders.transfer')
  const [outcome, setOutcome] = useState<'copied' | 'notCopied' | null>(null)
  const Icon = outcome === 'copied' ? Check : Copy
  return (
    <span className="needs-script inline-flex items-center gap-2">
      <Button
        size="small"
        aria-label={outcome === 'copied' ? undefined : label}
        onClick={async () => setOutcome((await copyText(text)) ? 'copied' : 'notCopied')}
      >
        <Icon className="size-4" aria-hidden="true" />
        {outcome === 'copied' ? t('copied') : t('copy')}
      </Button>
      <span role="status" className={outcome === 'notCopied' ? 'text-danger text-xs' : 'sr-only'}>
        {outcome && t(outcome)}
      </span>
    </span>
  )
}
