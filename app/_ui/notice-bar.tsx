'use client'

import { X } from 'lucide-react'
import { useRouter } from 'next/navigation'
import { useTranslations } from 'next-intl'
import { keepCookie } from '#app/_ui/keep-cookie.ts'
import { NOTICE_COOKIE, noticeKey } from '#app/_ui/notice-key.ts'

type NoticeBarProps = { text: string; tone: 'info' | 'warning'; dismissable: boolean }

const QUARTER_SECONDS = 90 * 24 * 60 * 60

/** What the operator tells everybody, above every page; put away, it stays away until it says something else. */
export function NoticeBar({ text, tone, dismissable }: NoticeBarProps) {
  const t = useTranslations('common')
  const router = useRouter()

  function putAway() {
    keepCookie(NOTICE_COOKIE, noticeKey(text), QUARTER_SECONDS)
    router.refresh()
  }

  return (
    <aside
      aria-label={t('operatorNotice')}
      className={`notice ${tone === 'warning' ? 'bg-warning-soft text-warning' : 'bg-accent-soft text-accent'}`}
    >
      <p className="min-w-0 flex-1 text-center">{text}</p>
      {dismissable && (
        <button
          type="button"
          aria-label={t('putAway')}
          onClick={putAway}
          className="needs-script flex size-8 shrink-0 items-center justify-center rounded-lg hover:bg-raised/60 touch:size-11"
        >
          <X className="size-4" aria-hidden="true" />
        </button>
      )}
    </aside>
  )
}
