'use client'

import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { Button } from '#app/_ui/button.tsx'
import { Field } from '#app/_ui/field.tsx'
import { FormError } from '#app/_ui/form-error.tsx'
import { PasswordField } from '#app/_ui/password-field.tsx'
import { useForm } from '#app/_ui/use-form.ts'
import { signInWithPassword } from '#lib/auth/client.ts'

/** @param next path within the site to go to afterwards */
export function SignInForm({ next }: { next: string }) {
  const t = useTranslations('auth')
  const [leaving, setLeaving] = useState(false)
  const { formProps, pending, failure, field } = useForm(async (data) => {
    const input = { email: String(data.get('email')), password: String(data.get('password')) }
    const result = await signInWithPassword(input)
    if (!result.ok) return { ok: false, error: { code: result.error, params: {} } }
    setLeaving(true)
    // A new document: nothing that was kept for a stranger is shown to somebody who is signed in.
    location.replace(next)
    return { ok: true }
  })
  const wrong = failure?.code === 'wrong_credentials'
  return (
    <form {...formProps} className="grid gap-4">
      <FormError failure={failure} field={field} />
      <Field
        id="email"
        type="email"
        inputMode="email"
        label={t('email')}
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        required
        aria-invalid={wrong || undefined}
        error={field === 'email' && t('enterEmail')}
      />
      <PasswordField
        id="password"
        label={t('password')}
        autoComplete="current-password"
        required
        error={field === 'password' && t('enterPassword')}
      />
      <Button type="submit" variant="primary" className="mt-2 h-11 w-full" pending={pending || leaving}>
        {t('signIn')}
      </Button>
    </form>
  )
}
