'use client'

import { useTranslations } from 'next-intl'
import { ActionDialog } from '#app/admin/_parts/action-dialog.tsx'
import { endPersonSession, signOutPerson } from '#app/admin/people/actions.ts'

/** Signs one device out. */
export function EndSession({ userId, sessionId, device }: { userId: string; sessionId: string; device: string }) {
  const t = useTranslations('adminPeople.sessions')
  return (
    <ActionDialog
      label={
        <>
          {t('end')}
          <span className="sr-only"> {device}</span>
        </>
      }
      title={t('endTitle', { device })}
      text={t('endText')}
      confirm={t('end')}
      variant="quiet"
      values={{ userId, sessionId }}
      reason
      action={endPersonSession}
    />
  )
}

/** Signs a person out everywhere. */
export function SignOutEverywhere({ userId, name }: { userId: string; name: string }) {
  const t = useTranslations('adminPeople.sessions')
  return (
    <ActionDialog
      label={t('endAll')}
      title={t('endAllTitle', { name })}
      text={t('endAllText')}
      confirm={t('endAll')}
      values={{ userId }}
      reason
      action={signOutPerson}
    />
  )
}
