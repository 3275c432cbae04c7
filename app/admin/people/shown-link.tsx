'use client'

import { useTranslations } from 'next-intl'
import { Alert } from '#app/_ui/alert.tsx'
import { CopyButton } from '#app/admin/_parts/copy-button.tsx'

/** A secret link, this once. */
export function ShownLink({ link }: { link: string }) {
  const t = useTranslations('adminPeople.link')
  return (
    <div className="grid justify-items-start gap-3">
      <Alert tone="warning">{t('once')}</Alert>
      <p className="w-full select-all break-all rounded-lg border border-line bg-soft px-3 py-2 font-mono text-sm">
        {link}
      </p>
      <CopyButton text={link}>{t('copy')}</CopyButton>
    </div>
  )
}
