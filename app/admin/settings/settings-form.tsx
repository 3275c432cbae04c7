'use client'

import { useTranslations } from 'next-intl'
import { type ReactNode, useState } from 'react'
import { FormError, useErrorText } from '#app/_ui/form-error.tsx'
import { SaveRow } from '#app/_ui/save-row.tsx'
import { type FormResult, useForm } from '#app/_ui/use-form.ts'
import { saveSettings } from '#app/admin/settings/actions.ts'
import type { FieldSpec } from '#app/admin/settings/fields.ts'
import { isWorthStoring, readField } from '#app/admin/settings/read-field.ts'
import { SettingField } from '#app/admin/settings/setting-field.tsx'

type SettingsFormProps = {
  fields: readonly FieldSpec[]
  /** Says what follows of what is filled in, while it is. */
  warning?: (data: FormData | null) => ReactNode
}

/** A group of settings that are saved together, on the versions that the form was opened with. */
export function SettingsForm({ fields, warning }: SettingsFormProps) {
  const t = useTranslations('adminService.settings')
  const errorText = useErrorText()
  const [typed, setTyped] = useState<FormData | null>(null)
  const [isTouched, setTouched] = useState(false)
  const { formProps, pending, done, failure, field } = useForm(async (data): Promise<FormResult> => {
    const read = fields.map((spec) => ({ spec, value: readField(spec, data) }))
    const wrong = read.find(({ value }) => value === undefined)
    if (wrong) return { ok: false, error: { code: 'invalid_input', params: { field: wrong.spec.name } } }
    const changes = read.filter(({ spec, value }) => isWorthStoring(spec, value))
    // As they were when the fields were drawn: what another admin has changed since must not be written over.
    const versions = JSON.parse(String(data.get('versions'))) as Record<string, number>
    const result = await saveSettings({
      changes: Object.fromEntries(changes.map(({ spec, value }) => [spec.name, value])),
      versions,
    })
    if (result.ok) setTouched(false)
    return result
  })
  // Another version is another form: what stands in it is what is stored.
  const versions = JSON.stringify(Object.fromEntries(fields.map(({ name, version }) => [name, version])))
  const isOfField = failure?.code === 'invalid_input' && fields.some(({ name }) => name === field)
  return (
    <form
      {...formProps}
      onChange={(event) => {
        setTouched(true)
        setTyped(new FormData(event.currentTarget))
      }}
      className="needs-script grid gap-5"
    >
      <FormError failure={failure} field={isOfField ? field : null} />
      <div key={versions} className="grid gap-5">
        <input type="hidden" name="versions" value={versions} />
        {fields.map((spec) => (
          <SettingField
            key={spec.name}
            field={spec}
            error={isOfField && field === spec.name && failure ? (faultOf(spec, t) ?? errorText(failure)) : undefined}
          />
        ))}
      </div>
      {warning?.(typed)}
      <SaveRow pending={pending} isSaved={done && !isTouched} variant={isTouched ? 'primary' : 'secondary'} />
    </form>
  )
}

function faultOf(field: FieldSpec, t: ReturnType<typeof useTranslations<'adminService.settings'>>): string {
  switch (field.kind) {
    case 'line':
      return t('fault.line', { max: field.max })
    case 'lines':
      return t('fault.text', { max: field.max })
    case 'number':
      return t('fault.number', { min: field.min, max: field.max })
    case 'credits':
      return t('fault.credits')
    case 'zone':
      return t('fault.zone')
    case 'several':
      return t('fault.several')
    default:
      return t('fault.other')
  }
}
