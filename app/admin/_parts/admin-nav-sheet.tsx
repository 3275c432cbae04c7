'use client'

import { Menu } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { type ReactNode, useState } from 'react'
import { Button } from '#app/_ui/button.tsx'
import { Dialog } from '#app/_ui/dialog.tsx'
import { AdminNav } from '#app/admin/_parts/admin-nav.tsx'

/** The operator's pages behind a button, where there is no room beside the page. */
export function AdminNavSheet({ children }: { children: ReactNode }) {
  const t = useTranslations('admin')
  const [open, setOpen] = useState(false)
  return (
    <>
      <Button variant="quiet" size="small" aria-haspopup="dialog" aria-expanded={open} onClick={() => setOpen(true)}>
        <Menu className="size-4" aria-hidden="true" />
        {t('menu')}
      </Button>
      <p className="ms-auto font-semibold text-sm">{t('title')}</p>
      <Dialog open={open} onClose={() => setOpen(false)} title={t('title')}>
        <AdminNav onChoose={() => setOpen(false)} />
        <div className="mt-4 px-2">{children}</div>
      </Dialog>
    </>
  )
}
