'use client'

import { useTranslations } from 'next-intl'
import type { RefObject } from 'react'
import { Panel } from '#app/_ui/panel.tsx'
import { ReceiptDetails } from '#app/_ui/receipt/receipt-details.tsx'
import type { Receipt } from '#lib/inference/shared.ts'

type ReceiptPanelProps = {
  receipt: Receipt
  anchor: RefObject<HTMLButtonElement | null>
  open: boolean
  onOpenChange: (open: boolean) => void
}

/** The receipt of an answer beside its line. */
// biome-ignore lint/style/noDefaultExport: React.lazy takes the default export.
export default function ReceiptPanel({ receipt, ...panel }: ReceiptPanelProps) {
  const t = useTranslations('receipt')
  return (
    <Panel title={t('title')} {...panel}>
      <ReceiptDetails receipt={receipt} beside="conversation" />
    </Panel>
  )
}
