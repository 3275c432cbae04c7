'use client'

import { Copy } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { Alert } from '#app/_ui/alert.tsx'
import { Button } from '#app/_ui/button.tsx'
import { copyText } from '#app/_ui/copy-text.ts'

/** A secret link, this once. */
export function ShownLink({ link }: { link: string }) {
  const t = useTranslations('adminPeople.link')
  const admin = useTranslations('admin')
  const [isCopied, setCopied] = useState(false)
  return (
    <div className="grid gap-3">
      <Alert tone="warning">{t('once')}</Alert>
      <p className="select-all break-all rounded-lg border border-line bg-soft px-3 py-2 font-mono text-sm">{link}</p>
      <div className="flex items-center gap-3">
        <Button size="small" onClick={() => void copyText(link).then(setCopied)}>
          <Copy className="size-4" aria-hidden="true" />
          {t('copy')}
        </Button>
        <span role="status" className="text-muted text-sm">
          {isCopied && admin('copied')}
        </span>
      </div>
    </div>
  )
}
