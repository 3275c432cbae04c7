'use client'

import { useLocale, useTranslations } from 'next-intl'
import { PasswordField } from '#app/_ui/password-field.tsx'
import { formatSeconds } from '#app/_ui/receipt/format-seconds.ts'
import { ActionDialog } from '#app/admin/_parts/action-dialog.tsx'
import { Badge } from '#app/admin/_parts/badge.tsx'
import { useVendorFault } from '#app/admin/channels/_models/vendor-fault.ts'
import { addToPool, removeFromPool, setPoolKeyStatus } from '#app/admin/channels/actions.ts'
import type { ErrorCode } from '#lib/errors.ts'
import type { KeySummary } from '#lib/models/shared.ts'

type KeyPoolProps = { channelId: string; keys: readonly KeySummary[]; timeZone: string }

/** The keys of a channel by their last characters, with what their vendor thinks of them. */
export function KeyPool({ channelId, keys, timeZone }: KeyPoolProps) {
  const t = useTranslations('adminModels.keys')
  return (
    <div className="grid gap-4">
      {keys.length === 0 && <p className="text-muted text-sm">{t('none')}</p>}
      {keys.length > 0 && (
        <ul className="divide-y divide-line border-line border-y">
          {keys.map((key) => (
            <KeyRow key={key.id} channelId={channelId} poolKey={key} timeZone={timeZone} />
          ))}
        </ul>
      )}
      <div>
        <ActionDialog
          label={t('add')}
          title={t('add')}
          text={t('addText')}
          confirm={t('add')}
          values={{ channelId }}
          fields={(fault) => (
            <PasswordField
              id="pool-key"
              name="key"
              label={t('key')}
              required
              autoComplete="off"
              maxLength={1_000}
              error={fault('key')}
            />
          )}
          action={addToPool}
        />
      </div>
    </div>
  )
}

const TONES = { active: 'success', disabled: 'neutral', refused: 'danger' } as const

type KeyRowProps = { channelId: string; poolKey: KeySummary; timeZone: string }

function KeyRow({ channelId, poolKey: key, timeZone }: KeyRowProps) {
  const t = useTranslations('adminModels.keys')
  const locale = useLocale()
  const faultText = useVendorFault()
  const when = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', timeZone })
  const name = key.hint ? `…${key.hint}` : t('short')
  const values = { channelId, keyId: key.id }
  const toggled = key.status === 'active' ? 'disabled' : 'active'
  const label = key.status === 'active' ? t('disable') : key.status === 'refused' ? t('retry') : t('enable')
  return (
    <li className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 py-3">
      <div className="min-w-0 text-sm">
        <p className="flex flex-wrap items-center gap-2">
          <span className="font-mono">{name}</span>
          <Badge tone={TONES[key.status]}>{t(`states.${key.status}`)}</Badge>
        </p>
        <p className="figures mt-0.5 text-muted text-xs">
          {key.refusedAt && (
            <>
              {t('refusedSince', { when: when.format(key.refusedAt) })}
              {key.refusedStatus !== null && ` (HTTP ${key.refusedStatus})`}
              {' · '}
            </>
          )}
          {key.testedAt && key.testOutcome
            ? t('tested', {
                when: when.format(key.testedAt),
                outcome:
                  key.testOutcome === 'ok'
                    ? key.testFirstTokenMs === null
                      ? t('worked')
                      : t('workedIn', { seconds: formatSeconds(key.testFirstTokenMs, locale) })
                    : faultText({ code: key.testOutcome as ErrorCode, params: {} }),
              })
            : t('untested')}
        </p>
      </div>
      <div className="flex flex-wrap gap-2">
        <ActionDialog
          label={label}
          title={`${label} ${name}`}
          text={key.status === 'active' ? t('disableText') : t('enableText')}
          confirm={label}
          values={{ ...values, status: toggled }}
          action={setPoolKeyStatus}
        />
        <ActionDialog
          label={t('remove')}
          title={`${t('remove')} ${name}`}
          text={t('removeText')}
          confirm={t('remove')}
          variant="danger"
          values={values}
          action={removeFromPool}
        />
      </div>
    </li>
  )
}
