'use client'

import { useTranslations } from 'next-intl'
import { Field } from '#app/_ui/field.tsx'
import { useErrorText } from '#app/_ui/form-error.tsx'
import type { FormFailure } from '#app/_ui/use-form.ts'

/** Who somebody is: e-mail and name, with what is wrong with either. */
export function PersonFields({ failure, field }: { failure: FormFailure | null; field: string | null }) {
  const t = useTranslations('auth')
  const text = useErrorText()
  return (
    <>
      <Field
        id="email"
        type="email"
        inputMode="email"
        label={t('email')}
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        required
        error={field === 'email' && (failure?.code === 'email_taken' ? text(failure) : t('enterEmail'))}
      />
      <Field
        id="name"
        label={t('name')}
        hint={t('nameHint')}
        autoComplete="name"
        maxLength={80}
        required
        error={field === 'name' && t('enterName')}
      />
    </>
  )
}
