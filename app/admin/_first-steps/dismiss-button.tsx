'use client'

import { useTranslations } from 'next-intl'
import { Button } from '#app/_ui/button.tsx'
import { FormError } from '#app/_ui/form-error.tsx'
import { useForm } from '#app/_ui/use-form.ts'
import { dismissFirstSteps } from '#app/admin/_first-steps/actions.ts'

/** Puts the first steps away. */
export function DismissButton() {
  const t = useTranslations('adminService.firstSteps')
  const { formProps, pending, failure } = useForm(() => dismissFirstSteps({}))
  return (
    <form {...formProps} className="needs-script grid gap-2">
      <FormError failure={failure} field={null} />
      <Button type="submit" size="small" pending={pending}>
        {t('dismiss')}
      </Button>
    </form>
  )
}
