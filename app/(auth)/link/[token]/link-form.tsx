'use client'

import { useTranslations } from 'next-intl'
import { Button } from '#app/_ui/button.tsx'
import { FormError } from '#app/_ui/form-error.tsx'
import { useForm } from '#app/_ui/use-form.ts'
import { NewPasswordField } from '#app/(auth)/_parts/new-password-field.tsx'
import { PersonFields } from '#app/(auth)/_parts/person-fields.tsx'
import { openLink } from '#app/(auth)/link/[token]/actions.ts'

/** @param email whose password is set; null for the first admin, who says who they are */
export function LinkForm({ token, email, minPassword }: { token: string; email: string | null; minPassword: number }) {
  const t = useTranslations('auth')
  const { formProps, pending, failure, field } = useForm(openLink)
  return (
    <form {...formProps} className="grid gap-4">
      <FormError failure={failure} field={field} />
      <input type="hidden" name="token" value={token} />
      {email === null ? (
        <PersonFields failure={failure} field={field} />
      ) : (
        // For password managers, which keep a password under a name.
        <input type="email" autoComplete="username" value={email} readOnly hidden />
      )}
      <NewPasswordField failure={failure} field={field} minPassword={minPassword} />
      <Button type="submit" variant="primary" className="mt-2 h-11 w-full" pending={pending}>
        {email === null ? t('firstAdminSubmit') : t('linkSubmit')}
      </Button>
    </form>
  )
}
