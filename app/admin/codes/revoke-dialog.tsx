'use client'

import { useTranslations } from 'next-intl'
import { ActionDialog } from '#app/admin/_parts/action-dialog.tsx'
import { revoke } from '#app/admin/codes/actions.ts'

type RevokeDialogProps = {
  batchId: string
  name: string
  /** One code of the batch; all of them without it. */
  number?: number
}

/** Makes a batch, or one code of it, worthless. */
export function RevokeDialog({ batchId, name, number }: RevokeDialogProps) {
  const t = useTranslations('adminMoney.codes.revoke')
  return (
    <ActionDialog
      label={number === undefined ? t('batch') : t('one')}
      title={number === undefined ? t('batchTitle', { name }) : t('oneTitle', { number })}
      text={t('text')}
      confirm={t('confirm')}
      variant="danger"
      values={number === undefined ? { batchId } : { batchId, number: String(number) }}
      reason
      action={revoke}
    />
  )
}
