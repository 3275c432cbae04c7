'use client'

import { Check, Copy } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { type ReactNode, useState } from 'react'
import { Button } from '#app/_ui/button.tsx'
import { copyText } from '#app/_ui/copy-text.ts'

type CopyButtonProps = {
  text: string
  /** Words on it; "Copy" without them. */
  children?: ReactNode
}

/** Puts a text on the clipboard, and says whether it is there. */
export function CopyButton({ text, children }: CopyButtonProps) {
  const t = useTranslations('admin')
  const [outcome, setOutcome] = useState<'copied' | 'notCopied' | null>(null)
  const Icon = outcome === 'copied' ? Check : Copy
  return (
    <span className="needs-script inline-flex items-center gap-2">
      <Button size="small" onClick={async () => setOutcome((await copyText(text)) ? 'copied' : 'notCopied')}>
        <Icon className="size-4" aria-hidden="true" />
        {outcome === 'copied' ? t('copied') : (children ?? t('copy'))}
      </Button>
      <span role="status" className={outcome === 'notCopied' ? 'text-danger text-xs' : 'sr-only'}>
        {outcome && t(outcome)}
      </span>
    </span>
  )
}
