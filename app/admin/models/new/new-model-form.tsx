'use client'

import { useTranslations } from 'next-intl'
import { Button } from '#app/_ui/button.tsx'
import { Card } from '#app/_ui/card.tsx'
import { Field } from '#app/_ui/field.tsx'
import { FormError } from '#app/_ui/form-error.tsx'
import { useForm } from '#app/_ui/use-form.ts'
import { add } from '#app/admin/models/actions.ts'

const ABOUT = ['id', 'displayName', 'vendor', 'contextTokens', 'maxOutputTokens'] as const
const PRICES = ['input', 'output', 'costInput', 'costOutput', 'cacheRead', 'costCacheRead'] as const
const REQUIRED: readonly string[] = ['id', 'vendor', 'input', 'output']
const DEFAULTS: Partial<Record<(typeof ABOUT)[number], string>> = { contextTokens: '128000', maxOutputTokens: '8192' }

/** A model that no catalogue knows. A channel that carries it is chosen on the channel's page. */
export function NewModelForm() {
  const t = useTranslations('adminModels.newModel')
  const { formProps, pending, failure, field } = useForm(add)
  const names: readonly string[] = [...ABOUT, ...PRICES]
  const errorOf = (name: string) => field === name && (failure?.code === 'name_taken' ? t('taken') : t('bad'))
  return (
    <form {...formProps} className="needs-script grid max-w-3xl gap-5">
      <FormError failure={failure} field={field && names.includes(field) ? field : null} />
      <Card title={t('about')}>
        <div className="grid items-start gap-4 sm:grid-cols-2">
          {ABOUT.map((name) => (
            <Field
              key={name}
              id={name}
              label={t(`fields.${name}`)}
              defaultValue={DEFAULTS[name]}
              required={REQUIRED.includes(name)}
              autoComplete="off"
              autoCapitalize="none"
              spellCheck={false}
              inputMode={name.endsWith('Tokens') ? 'numeric' : undefined}
              maxLength={200}
              error={errorOf(name)}
            />
          ))}
        </div>
        <label className="mt-4 flex min-h-11 cursor-pointer items-center gap-3 text-sm">
          <input type="checkbox" name="reasoning" className="size-5 shrink-0" />
          {t('reasoning')}
        </label>
      </Card>
      <Card title={t('prices')} hint={t('pricesHint')}>
        <div className="grid grid-cols-2 items-start gap-4">
          {PRICES.map((name) => (
            <Field
              key={name}
              id={name}
              label={t(`fields.${name}`)}
              required={REQUIRED.includes(name)}
              inputMode="decimal"
              autoComplete="off"
              maxLength={20}
              className="figures"
              error={errorOf(name)}
            />
          ))}
        </div>
        {failure?.code === 'price_below_cost' && (
          <label className="mt-4 flex min-h-11 cursor-pointer items-center gap-3 text-sm">
            <input type="checkbox" name="allowLoss" className="size-5 shrink-0" />
            {t('allowLoss')}
          </label>
        )}
      </Card>
      <div>
        <Button type="submit" variant="primary" pending={pending}>
          {t('save')}
        </Button>
      </div>
    </form>
  )
}
