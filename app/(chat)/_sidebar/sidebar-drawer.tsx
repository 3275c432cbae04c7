'use client'

import { useTranslations } from 'next-intl'
import { useEffect, useRef } from 'react'
import { Sidebar } from '#app/(chat)/_sidebar/sidebar.tsx'

/** The list of conversations on phones: over the page, from the side. */
export function SidebarDrawer({ open, onClose }: { open: boolean; onClose: () => void }) {
  const t = useTranslations('chat')
  const ref = useRef<HTMLDialogElement>(null)

  useEffect(() => {
    const dialog = ref.current
    if (!dialog) return
    if (open && !dialog.open) dialog.showModal()
    if (!open && dialog.open) dialog.close()
  }, [open])

  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape is the dialog element's own key; the click is the backdrop's.
    <dialog
      ref={ref}
      aria-label={t('conversations')}
      onClose={onClose}
      onClick={(event) => event.target === ref.current && onClose()}
      className="m-0 mt-(--banner) h-(--screen) max-h-none w-[min(20rem,86vw)] max-w-none bg-surface p-0 pt-[env(safe-area-inset-top)] text-ink shadow-raised backdrop:bg-black/40 md:hidden"
    >
      {open && <Sidebar onClose={onClose} />}
    </dialog>
  )
}
