'use client'

import { useTranslations } from 'next-intl'
import type { ReactNode } from 'react'
import { Field } from '#app/_ui/field.tsx'
import { Select } from '#app/_ui/select.tsx'
import type { FieldSpec, Option } from '#app/admin/settings/fields.ts'
import { ZoneField } from '#app/admin/settings/zone-field.tsx'

/** One setting with its name, what it does, and its fault. */
export function SettingField({ field, error }: { field: FieldSpec; error: ReactNode }) {
  const t = useTranslations('adminService.settings')
  const label = t(`settings.${field.name as 'accent'}.label`)
  const hint = t(`settings.${field.name as 'accent'}.hint`)
  const id = `setting-${field.name}`
  switch (field.kind) {
    case 'line':
      return (
        <Field
          id={id}
          name={field.name}
          label={label}
          hint={<Hint usual={field.usual}>{hint}</Hint>}
          error={error}
          defaultValue={field.value ?? ''}
          maxLength={field.max}
          autoComplete="off"
        />
      )
    case 'lines':
      return <Lines id={id} label={label} hint={hint} error={error} field={field} />
    case 'number':
    case 'credits':
      return (
        <Field
          id={id}
          name={field.name}
          label={label}
          hint={<Hint usual={field.kind === 'number' ? field.usual : null}>{hint}</Hint>}
          error={error}
          defaultValue={field.value ?? ''}
          inputMode={field.kind === 'number' ? 'numeric' : 'decimal'}
          placeholder={field.kind === 'credits' ? t(field.empty) : undefined}
          maxLength={20}
          autoComplete="off"
          className="figures max-w-60"
        />
      )
    case 'choice':
    case 'several':
    case 'accent':
      return <Choices id={id} label={label} hint={hint} error={error} field={field} />
    case 'select':
      return (
        <Described id={id} hint={hint} error={error}>
          <Select id={id} name={field.name} label={<Label>{label}</Label>} defaultValue={field.value}>
            {field.nullable && <option value="">{t('automatic')}</option>}
            {field.options.map(([value, text]) => (
              <option key={value} value={value}>
                {text}
              </option>
            ))}
          </Select>
        </Described>
      )
    case 'zone':
      return <ZoneField id={id} label={label} hint={hint} error={error} field={field} />
  }
}

function Hint({ usual, children }: { usual: string | null; children: ReactNode }) {
  const t = useTranslations('adminService.settings')
  return (
    <>
      {children}
      {usual !== null && <> {t('default', { value: usual })}</>}
    </>
  )
}

const Label = ({ children }: { children: ReactNode }) => (
  <span className="font-medium text-ink text-sm">{children}</span>
)

type Parts = { id: string; label: string; hint: string; error: ReactNode }

function Described({ id, hint, error, children }: Omit<Parts, 'label'> & { children: ReactNode }) {
  return (
    <div className="grid gap-1.5">
      <div className="max-w-96">{children}</div>
      <p id={`${id}-hint`} className="text-muted text-xs">
        {hint}
      </p>
      {error && <p className="text-danger text-sm">{error}</p>}
    </div>
  )
}

function Lines({ id, label, hint, error, field }: Parts & { field: Extract<FieldSpec, { kind: 'line' | 'lines' }> }) {
  return (
    <div className="grid gap-1.5">
      <label htmlFor={id} className="font-medium text-sm">
        {label}
      </label>
      <textarea
        id={id}
        name={field.name}
        defaultValue={field.value ?? ''}
        maxLength={field.max}
        rows={3}
        aria-invalid={error ? true : undefined}
        aria-describedby={`${id}-hint`}
        className="field-sizing-content max-h-80 min-h-24 w-full rounded-lg border border-line-strong/70 bg-raised px-3.5 py-2.5 text-base transition-colors duration-150 hover:border-line-strong aria-invalid:border-danger sm:text-sm"
      />
      <p id={`${id}-hint`} className="text-muted text-xs">
        {hint}
      </p>
      {error && <p className="text-danger text-sm">{error}</p>}
    </div>
  )
}

type ChoiceField = Extract<FieldSpec, { kind: 'choice' | 'several' | 'accent' }>

function Choices({ id, label, hint, error, field }: Parts & { field: ChoiceField }) {
  const isChosen = (value: string) =>
    typeof field.value === 'string' ? field.value === value : field.value.includes(value)
  return (
    <fieldset className="grid gap-1.5" aria-describedby={`${id}-hint`}>
      <legend className="mb-1.5 font-medium text-sm">{label}</legend>
      <div className="flex flex-wrap gap-2">
        {field.options.map((option) => (
          <Choice key={option[0]} option={option} field={field} checked={isChosen(option[0])} />
        ))}
      </div>
      <p id={`${id}-hint`} className="text-muted text-xs">
        {hint}
      </p>
      {error && <p className="text-danger text-sm">{error}</p>}
    </fieldset>
  )
}

function Choice({ option: [value, text], field, checked }: { option: Option; field: ChoiceField; checked: boolean }) {
  return (
    <label className="relative flex min-h-9 cursor-pointer items-center gap-2 rounded-lg border border-line-strong/60 px-3 text-sm hover:bg-soft has-checked:border-accent has-checked:bg-accent-soft has-focus-visible:outline-2 has-focus-visible:outline-accent touch:min-h-11">
      <input
        type={field.kind === 'several' ? 'checkbox' : 'radio'}
        name={field.name}
        value={value}
        defaultChecked={checked}
        className="size-4 shrink-0"
      />
      {field.kind === 'accent' && <span data-swatch={value} aria-hidden="true" className="swatch" />}
      {text}
    </label>
  )
}
