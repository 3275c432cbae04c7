'use client'

import { useLocale, useTranslations } from 'next-intl'
import { Alert } from '#app/_ui/alert.tsx'
import type { FieldSpec } from '#app/admin/settings/fields.ts'
import { SettingsForm } from '#app/admin/settings/settings-form.tsx'
import { formatCredits, formatWorth, parseCredits } from '#lib/money.ts'

type RegistrationFormProps = {
  fields: readonly FieldSpec[]
  registration: string
  /** Credits as typed, empty for automatic. */
  credit: string
  /** What automatic gives now. */
  automaticMicros: bigint
  currency: string
  /** Whether calls cost something: a channel leads to a vendor. */
  isPaid: boolean
}

/** Who may come in and with what; it says what that costs before it is saved. */
export function RegistrationForm({
  fields,
  registration,
  credit,
  automaticMicros,
  currency,
  isPaid,
}: RegistrationFormProps) {
  const t = useTranslations('adminService.settings.warning')
  const locale = useLocale()

  function warn(data: FormData | null) {
    const isOpen = (data ? data.get('registration') : registration) === 'open'
    const text = String((data ? data.get('sign_up_credit_micros') : credit) ?? '').trim()
    const micros = text === '' ? automaticMicros : parseCredits(text)
    if (!isOpen || micros === null || micros <= 0n) return null
    return (
      <Alert tone={isPaid ? 'warning' : 'info'} role="status">
        {isPaid
          ? t('spends', {
              credits: formatCredits(micros, locale),
              worth: formatWorth(micros, currency, locale),
              hundred: formatWorth(micros * 100n, currency, locale),
            })
          : t('demo')}
      </Alert>
    )
  }

  return <SettingsForm fields={fields} warning={warn} />
}
