'use client'

import { Printer } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { Button } from '#app/_ui/button.tsx'

export function PrintButton() {
  const t = useTranslations('orders')
  return (
    <Button variant="quiet" className="needs-script" onClick={() => window.print()}>
      <Printer className="size-4" aria-hidden="true" />
      {t('print')}
    </Button>
  )
}
