'use client'

import { useTranslations } from 'next-intl'
import { Button } from '#app/_ui/button.tsx'
import { Field } from '#app/_ui/field.tsx'
import { FormError, useErrorText } from '#app/_ui/form-error.tsx'
import { useForm } from '#app/_ui/use-form.ts'
import { redeem } from '#app/(account)/credits/actions.ts'

/** Takes a redemption code. It stays in the field: sent again it is put right, or the same redemption. */
export function RedeemForm() {
  const t = useTranslations('credits.redeem')
  const errorText = useErrorText()
  const { formProps, pending, done, failure, field } = useForm(redeem)
  return (
    <form {...formProps} className="grid gap-3">
      <FormError failure={failure} field={field} />
      <div className="grid gap-3 sm:flex sm:items-start">
        <div className="sm:flex-1">
          <Field
            id="redeem-code"
            name="code"
            label={t('label')}
            placeholder="XXXX-XXXX-XXXX-…"
            required
            autoComplete="off"
            autoCapitalize="characters"
            spellCheck={false}
            maxLength={100}
            className="figures"
            error={field === 'code' && failure && (failure.code === 'required' ? t('enterCode') : errorText(failure))}
          />
        </div>
        <Button type="submit" pending={pending} className="justify-self-start sm:mt-6.75 sm:h-11">
          {t('redeem')}
        </Button>
      </div>
      <p role="status" className="text-muted text-sm empty:hidden">
        {done && !pending && t('done')}
      </p>
    </form>
  )
}
