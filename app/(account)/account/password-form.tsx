'use client'

import { useTranslations } from 'next-intl'
import { useEffect } from 'react'
import { Alert } from '#app/_ui/alert.tsx'
import { Button } from '#app/_ui/button.tsx'
import { FormError, useErrorText } from '#app/_ui/form-error.tsx'
import { PasswordField } from '#app/_ui/password-field.tsx'
import { type FormFailure, useForm } from '#app/_ui/use-form.ts'
import { savePassword } from '#app/(account)/account/actions.ts'

export function PasswordForm({ email, minPassword }: { email: string; minPassword: number }) {
  const t = useTranslations('account')
  const text = useErrorText()
  const { formProps, pending, done, failure, field } = useForm(savePassword)
  const { ref } = formProps

  useEffect(() => {
    if (done) ref.current?.reset()
  }, [done, ref])

  function errorOf(name: string, whenEmpty: string): string | undefined {
    if (!failure || field !== name) return undefined
    return sentence(failure, whenEmpty)
  }

  function sentence(fault: FormFailure, whenEmpty: string): string {
    return fault.code === 'required' ? whenEmpty : text(fault)
  }

  const passwordError = errorOf('password', t('enterNew'))
  return (
    <form {...formProps} className="grid gap-4">
      <FormError failure={failure} field={field} />
      {done && !pending && (
        <Alert tone="success" role="status">
          {t('passwordChanged')}
        </Alert>
      )}
      <input type="email" autoComplete="username" value={email} readOnly hidden />
      <PasswordField
        id="currentPassword"
        label={t('currentPassword')}
        autoComplete="current-password"
        required
        error={errorOf('currentPassword', t('enterCurrent'))}
      />
      <PasswordField
        id="password"
        label={t('newPassword')}
        hint={!passwordError && t('passwordHint', { min: minPassword })}
        autoComplete="new-password"
        required
        error={passwordError}
      />
      <div>
        <Button type="submit" pending={pending}>
          {t('changePassword')}
        </Button>
      </div>
    </form>
  )
}
