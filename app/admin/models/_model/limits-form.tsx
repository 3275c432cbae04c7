'use client'

import { useTranslations } from 'next-intl'
import { Field } from '#app/_ui/field.tsx'
import { FormError } from '#app/_ui/form-error.tsx'
import { SaveRow } from '#app/_ui/save-row.tsx'
import { Select } from '#app/_ui/select.tsx'
import { useRefreshingForm } from '#app/admin/_parts/use-refreshing-form.ts'
import { edit } from '#app/admin/models/actions.ts'

type LimitsFormProps = {
  model: {
    id: string
    version: number
    displayName: string
    vendor: string
    contextTokens: number
    maxOutputTokens: number
    defaultMaxOutput: number
    minOutput: number
    reasoning: boolean
    outputCapField: 'max_tokens' | 'max_completion_tokens'
    visible: boolean
    position: number
  }
}

const NUMBERS = ['contextTokens', 'maxOutputTokens', 'defaultMaxOutput', 'minOutput', 'position'] as const
const FIELDS: readonly string[] = ['displayName', 'vendor', ...NUMBERS]

/** What a model is called, how much it can read and write, and where it stands. */
export function LimitsForm({ model }: LimitsFormProps) {
  const t = useTranslations('adminModels.limits')
  const { formProps, pending, done, failure, field } = useRefreshingForm(edit)
  return (
    <form {...formProps} className="needs-script grid max-w-3xl gap-4">
      <FormError failure={failure} field={field && FIELDS.includes(field) ? field : null} />
      {/* Another version is another form: what stands in it is what is stored. */}
      <div key={model.version} className="grid gap-4">
        <input type="hidden" name="modelId" value={model.id} />
        <input type="hidden" name="version" value={model.version} />
        <input type="hidden" name="visible" value={String(model.visible)} />
        <div className="grid items-start gap-4 sm:grid-cols-2">
          <Field
            id="displayName"
            label={t('displayName')}
            defaultValue={model.displayName}
            required
            maxLength={100}
            autoComplete="off"
            error={field === 'displayName' && t('bad')}
          />
          <Field
            id="vendor"
            label={t('vendor')}
            hint={t('vendorHint')}
            defaultValue={model.vendor}
            required
            maxLength={50}
            autoComplete="off"
            spellCheck={false}
            error={field === 'vendor' && t('vendorBad')}
          />
          {NUMBERS.map((name) => (
            <Field
              key={name}
              id={name}
              label={t(name)}
              hint={t(`${name}Hint`)}
              defaultValue={model[name]}
              type="number"
              required
              className="figures"
              error={field === name && t(name === 'position' ? 'bad' : 'tokensBad')}
            />
          ))}
          <Select id="outputCapField" label={t('outputCapField')} defaultValue={model.outputCapField}>
            <option value="max_tokens">max_tokens</option>
            <option value="max_completion_tokens">max_completion_tokens</option>
          </Select>
        </div>
        <label className="flex min-h-11 cursor-pointer items-start gap-3">
          <input type="checkbox" name="reasoning" defaultChecked={model.reasoning} className="mt-0.5 size-5 shrink-0" />
          <span>
            <span className="font-medium text-sm">{t('reasoning')}</span>
            <span className="block text-muted text-xs">{t('reasoningHint')}</span>
          </span>
        </label>
      </div>
      <SaveRow pending={pending} isSaved={done} />
    </form>
  )
}
