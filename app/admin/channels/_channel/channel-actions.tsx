'use client'

import { useTranslations } from 'next-intl'
import { Field } from '#app/_ui/field.tsx'
import { ActionDialog } from '#app/admin/_parts/action-dialog.tsx'
import { remove, setStatus } from '#app/admin/channels/actions.ts'

type ChannelActionsProps = { channelId: string; name: string; status: 'active' | 'disabled' }

/** What can be done with a channel as a whole. */
export function ChannelActions({ channelId, name, status }: ChannelActionsProps) {
  const t = useTranslations('adminModels.channel')
  const isActive = status === 'active'
  return (
    <>
      <ActionDialog
        label={isActive ? t('disable') : t('enable')}
        title={isActive ? t('disableTitle') : t('enableTitle')}
        text={isActive ? t('disableText') : t('enableText')}
        confirm={isActive ? t('disable') : t('enable')}
        values={{ channelId, status: isActive ? 'disabled' : 'active' }}
        action={setStatus}
      />
      <ActionDialog
        label={t('delete')}
        title={t('deleteTitle')}
        text={t('deleteText')}
        confirm={t('delete')}
        variant="danger"
        values={{ channelId }}
        reason
        fields={(fault) => (
          <Field
            id="confirm-name"
            name="confirmName"
            label={t('typeName', { name })}
            required
            autoComplete="off"
            spellCheck={false}
            error={fault('confirmName') && t('nameDiffers')}
          />
        )}
        action={remove}
      />
    </>
  )
}
