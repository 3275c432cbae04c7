'use client'

import { useTranslations } from 'next-intl'
import { Button } from '#app/_ui/button.tsx'
import { FormError } from '#app/_ui/form-error.tsx'
import { useForm } from '#app/_ui/use-form.ts'
import { NewPasswordField } from '#app/(auth)/_parts/new-password-field.tsx'
import { PersonFields } from '#app/(auth)/_parts/person-fields.tsx'
import { register } from '#app/(auth)/register/actions.ts'

/** @param next path within the site to go to afterwards */
export function RegisterForm({ next, minPassword }: { next: string; minPassword: number }) {
  const t = useTranslations('auth')
  const { formProps, pending, failure, field } = useForm(register)
  return (
    <form {...formProps} className="grid gap-4">
      <FormError failure={failure} field={field} />
      <input type="hidden" name="next" value={next} />
      <PersonFields failure={failure} field={field} />
      <NewPasswordField failure={failure} field={field} minPassword={minPassword} />
      <Button type="submit" variant="primary" className="mt-2 h-11 w-full" pending={pending}>
        {t('register')}
      </Button>
    </form>
  )
}
