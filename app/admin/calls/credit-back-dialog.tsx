'use client'

import { Undo2 } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { Field } from '#app/_ui/field.tsx'
import { ActionDialog } from '#app/admin/_parts/action-dialog.tsx'
import { creditBack } from '#app/admin/calls/actions.ts'

type CreditBackDialogProps = {
  callId: string
  /** Made for this page: pressed twice it is one gift. */
  requestId: string
  /** What of the charge can still be given back, in credits, exactly. */
  left: string
  email: string
}

/** Gives somebody back what a call was charged, or a part of it. */
export function CreditBackDialog({ callId, requestId, left, email }: CreditBackDialogProps) {
  const t = useTranslations('adminMoney.creditBack')
  return (
    <ActionDialog
      label={
        <>
          <Undo2 className="size-4" aria-hidden="true" />
          {t('button')}
        </>
      }
      title={t('title')}
      text={t('text', { email })}
      confirm={t('confirm')}
      variant="primary"
      reason
      values={{ callId, requestId }}
      fields={(fault) => (
        <Field
          id="credits"
          label={t('amount')}
          hint={t('left', { left })}
          defaultValue={left}
          required
          inputMode="decimal"
          autoComplete="off"
          error={fault('credits')}
        />
      )}
      action={creditBack}
    />
  )
}
