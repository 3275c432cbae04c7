'use client'

import { useTranslations } from 'next-intl'
import { Button } from '#app/_ui/button.tsx'
import { Field } from '#app/_ui/field.tsx'
import { FormError } from '#app/_ui/form-error.tsx'
import { useForm } from '#app/_ui/use-form.ts'
import { saveName } from '#app/(account)/account/actions.ts'

export function ProfileForm({ name }: { name: string }) {
  const t = useTranslations('account')
  const common = useTranslations('common')
  const { formProps, pending, done, failure, field } = useForm(saveName)
  return (
    <form {...formProps} className="grid gap-3">
      <FormError failure={failure} field={field} />
      <Field
        id="name"
        label={t('name')}
        defaultValue={name}
        autoComplete="name"
        maxLength={80}
        required
        error={field === 'name' && t('enterName')}
      />
      <div className="flex items-center gap-3">
        <Button type="submit" pending={pending}>
          {common('save')}
        </Button>
        <span role="status" className="text-muted text-sm">
          {done && !pending && common('saved')}
        </span>
      </div>
    </form>
  )
}
