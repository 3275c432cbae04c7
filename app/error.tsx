'use client'

import { useTranslations } from 'next-intl'
import { Button } from '#app/_ui/button.tsx'
import { NoticePage } from '#app/_ui/notice-page.tsx'

// The digest is the only part of an error that leaves the server, and what its log can be searched for.
export default function ErrorPage({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  const t = useTranslations('common')
  return (
    <NoticePage title={t('errorTitle')} text={t('errorText')}>
      <Button variant="primary" onClick={reset}>
        {t('tryAgain')}
      </Button>
      {error.digest && <span className="text-muted text-sm">{t('errorReference', { reference: error.digest })}</span>}
    </NoticePage>
  )
}
