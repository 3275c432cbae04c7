'use client'

import { useTranslations } from 'next-intl'
import type { ReactNode } from 'react'
import { Button } from '#app/_ui/button.tsx'

type SaveRowProps = {
  pending: boolean
  /** What is in the form has been stored. */
  isSaved: boolean
  variant?: 'primary' | 'secondary'
  /** Words on the button; "Save" without them. */
  children?: ReactNode
}

/** The end of a form: the button that sends it, and a word once it is stored. */
export function SaveRow({ pending, isSaved, variant = 'primary', children }: SaveRowProps) {
  const t = useTranslations('common')
  return (
    <div className="flex flex-wrap items-center gap-3">
      <Button type="submit" variant={variant} pending={pending}>
        {children ?? t('save')}
      </Button>
      <span role="status" className="text-muted text-sm">
        {isSaved && !pending && t('saved')}
      </span>
    </div>
  )
}
