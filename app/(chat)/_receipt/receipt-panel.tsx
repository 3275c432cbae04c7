'use client'

import { useTranslations } from 'next-intl'
import { Popover } from 'radix-ui'
import type { RefObject } from 'react'
import { useSyncExternalStore } from 'react'
import { Dialog } from '#app/_ui/dialog.tsx'
import { ReceiptDetails } from '#app/(chat)/_receipt/receipt-details.tsx'
import type { Receipt } from '#lib/inference/shared.ts'

type ReceiptPanelProps = {
  receipt: Receipt
  anchor: RefObject<HTMLButtonElement | null>
  open: boolean
  onOpenChange: (open: boolean) => void
}

const WIDE = '(min-width: 640px)'

function subscribeWide(listener: () => void) {
  const query = window.matchMedia(WIDE)
  query.addEventListener('change', listener)
  return () => query.removeEventListener('change', listener)
}

/** The receipt beside its line, or on phones as a sheet from below. */
// biome-ignore lint/style/noDefaultExport: React.lazy takes the default export.
export default function ReceiptPanel({ receipt, anchor, open, onOpenChange }: ReceiptPanelProps) {
  const t = useTranslations('receipt')
  const isWide = useSyncExternalStore(
    subscribeWide,
    () => window.matchMedia(WIDE).matches,
    () => true,
  )
  if (!isWide) {
    return (
      <Dialog open={open} onClose={() => onOpenChange(false)} title={t('title')}>
        <ReceiptDetails receipt={receipt} />
      </Dialog>
    )
  }
  return (
    <Popover.Root open={open} onOpenChange={onOpenChange}>
      <Popover.Anchor virtualRef={anchor as RefObject<HTMLButtonElement>} />
      <Popover.Portal>
        <Popover.Content
          side="top"
          align="start"
          sideOffset={6}
          collisionPadding={12}
          aria-label={t('title')}
          onInteractOutside={(event) => {
            // The line itself closes what it opened.
            if (anchor.current?.contains(event.target as Node)) event.preventDefault()
          }}
          onCloseAutoFocus={(event) => {
            event.preventDefault()
            anchor.current?.focus({ preventScroll: true })
          }}
          className="z-50 max-h-(--radix-popover-content-available-height) w-[min(30rem,calc(100vw-2rem))] animate-rise overflow-y-auto rounded-2xl border border-line bg-raised p-5 text-ink shadow-raised outline-none"
        >
          <ReceiptDetails receipt={receipt} />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  )
}
