'use client'

import { useTranslations } from 'next-intl'
import { useErrorText } from '#app/_ui/form-error.tsx'
import { PasswordField } from '#app/_ui/password-field.tsx'
import type { FormFailure } from '#app/_ui/use-form.ts'

type Props = { failure: FormFailure | null; field: string | null; minPassword: number }

/** The password somebody chooses, with what is wrong with it. */
export function NewPasswordField({ failure, field, minPassword }: Props) {
  const t = useTranslations('auth')
  const text = useErrorText()
  const error = failure && field === 'password' ? textOf(failure) : undefined

  function textOf(fault: FormFailure) {
    return fault.code === 'required' ? t('enterPassword') : text(fault)
  }

  return (
    <PasswordField
      id="password"
      label={t('password')}
      hint={!error && t('passwordHint', { min: minPassword })}
      autoComplete="new-password"
      required
      error={error}
    />
  )
}
