'use client'

import { X } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { type ReactNode, useEffect, useId, useRef } from 'react'
import { Button } from '#app/_ui/button.tsx'

type DialogProps = {
  open: boolean
  onClose: () => void
  title: ReactNode
  children: ReactNode
  /** `sheet` rises from the lower edge on phones; `centre` stands in the middle everywhere. */
  shape?: 'sheet' | 'centre'
}

/** A modal on the browser's own dialog element: focus stays inside, Escape and the backdrop close it. */
export function Dialog({ open, onClose, title, children, shape = 'sheet' }: DialogProps) {
  const t = useTranslations('common')
  const ref = useRef<HTMLDialogElement>(null)
  const titleId = useId()

  useEffect(() => {
    const dialog = ref.current
    if (!dialog) return
    if (open && !dialog.open) dialog.showModal()
    if (!open && dialog.open) dialog.close()
  }, [open])

  const place =
    shape === 'sheet'
      ? 'max-sm:mb-0 max-sm:max-w-full max-sm:rounded-b-none max-sm:pb-[env(safe-area-inset-bottom)]'
      : ''
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape is the dialog element's own key; the click is the backdrop's.
    <dialog
      ref={ref}
      aria-labelledby={titleId}
      onClose={onClose}
      onClick={(event) => event.target === ref.current && onClose()}
      className={`m-auto max-h-[85dvh] w-full max-w-md rounded-2xl bg-raised p-0 text-ink shadow-raised backdrop:bg-black/40 open:animate-rise ${place}`}
    >
      <div className="flex max-h-[85dvh] flex-col">
        <header className="flex items-center justify-between gap-4 px-5 pt-4 pb-2">
          <h2 id={titleId} className="font-semibold text-base">
            {title}
          </h2>
          <Button variant="quiet" size="icon" aria-label={t('close')} onClick={onClose} className="-me-2">
            <X className="size-4" aria-hidden="true" />
          </Button>
        </header>
        <div className="overflow-y-auto px-5 pb-5">{open && children}</div>
      </div>
    </dialog>
  )
}
