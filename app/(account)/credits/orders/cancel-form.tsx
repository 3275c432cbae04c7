'use client'

import { useTranslations } from 'next-intl'
import { Button } from '#app/_ui/button.tsx'
import { FormError } from '#app/_ui/form-error.tsx'
import { useForm } from '#app/_ui/use-form.ts'
import { cancel } from '#app/(account)/credits/orders/actions.ts'

export function CancelForm({ orderId }: { orderId: string }) {
  const t = useTranslations('orders')
  const { formProps, pending, failure } = useForm(cancel)
  return (
    <form {...formProps} className="needs-script contents">
      <input type="hidden" name="orderId" value={orderId} />
      <Button type="submit" pending={pending}>
        {t('cancel')}
      </Button>
      {failure && (
        <div className="order-last basis-full">
          <FormError failure={failure} field={null} />
        </div>
      )}
    </form>
  )
}
