'use client'

import { useTranslations } from 'next-intl'
import { useSyncExternalStore } from 'react'
import { Button } from '#app/_ui/button.tsx'
import { Field } from '#app/_ui/field.tsx'
import { FormError } from '#app/_ui/form-error.tsx'
import { useForm } from '#app/_ui/use-form.ts'
import { saveCaps } from '#app/(account)/credits/actions.ts'

/** What the person allows themselves to spend; amounts as they typed them, empty for none. */
export function CapsForm({ day, month }: { day: string; month: string }) {
  const t = useTranslations('credits.caps')
  const common = useTranslations('common')
  const { formProps, pending, done, failure, field } = useForm(saveCaps)
  const timeZone = useBrowserTimeZone()
  return (
    <form {...formProps} className="needs-script grid gap-3">
      <FormError failure={failure} field={field} />
      <input type="hidden" name="timeZone" value={timeZone} />
      <div className="grid gap-3 sm:grid-cols-2">
        {(['day', 'month'] as const).map((period) => (
          <Field
            key={period}
            id={`cap-limit-${period}`}
            name={period}
            label={t(`limit.${period}`)}
            defaultValue={{ day, month }[period]}
            placeholder={t('none')}
            inputMode="decimal"
            autoComplete="off"
            maxLength={20}
            className="figures"
            error={field === period && t('enterAmount')}
          />
        ))}
      </div>
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

const subscribeNever = () => () => undefined

function useBrowserTimeZone(): string {
  return useSyncExternalStore(
    subscribeNever,
    () => Intl.DateTimeFormat().resolvedOptions().timeZone,
    () => '',
  )
}
