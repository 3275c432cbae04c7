'use client'

import { useTranslations } from 'next-intl'
import { ActionDialog } from '#app/admin/_parts/action-dialog.tsx'
import { setDefault, setVisible } from '#app/admin/models/actions.ts'

type ModelActionsProps = { modelId: string; visible: boolean; isDefault: boolean }

/** Whether people see a model, and whether new conversations begin with it. */
export function ModelActions({ modelId, visible, isDefault }: ModelActionsProps) {
  const t = useTranslations('adminModels.model')
  return (
    <>
      <ActionDialog
        label={visible ? t('hide') : t('show')}
        title={visible ? t('hide') : t('show')}
        text={visible ? t('hideText') : t('showText')}
        confirm={visible ? t('hide') : t('show')}
        values={{ modelId, visible: String(!visible) }}
        action={setVisible}
      />
      <ActionDialog
        label={isDefault ? t('unsetDefault') : t('setDefault')}
        title={isDefault ? t('unsetDefault') : t('setDefault')}
        text={isDefault ? t('unsetDefaultText') : t('setDefaultText')}
        confirm={isDefault ? t('unsetDefault') : t('setDefault')}
        values={{ modelId, isDefault: String(!isDefault) }}
        action={setDefault}
      />
    </>
  )
}
