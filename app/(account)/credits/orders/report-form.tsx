'use client'

import { useTranslations } from 'next-intl'
import { Button } from '#app/_ui/button.tsx'
import { Field } from '#app/_ui/field.tsx'
import { FormError } from '#app/_ui/form-error.tsx'
import { useForm } from '#app/_ui/use-form.ts'
import { report } from '#app/(account)/credits/orders/actions.ts'

const NOTE_MAX = 500

/** Tells the operator that a transfer was made. */
export function ReportForm({ orderId }: { orderId: string }) {
  const t = useTranslations('orders.transfer')
  const { formProps, pending, failure } = useForm(report)
  return (
    <form {...formProps} className="needs-script grid gap-3">
      <FormError failure={failure} field={null} />
      <input type="hidden" name="orderId" value={orderId} />
      <Field id="note" label={t('note')} hint={t('noteHint')} maxLength={NOTE_MAX} autoComplete="off" />
      <Button type="submit" variant="primary" pending={pending} className="justify-self-start max-sm:w-full">
        {t('report')}
      </Button>
    </form>
  )
}
