'use client'

import { Download } from 'lucide-react'
import Link from 'next/link'
import { useTranslations } from 'next-intl'
import { useId, useState } from 'react'
import { Alert } from '#app/_ui/alert.tsx'
import { Button, buttonClass } from '#app/_ui/button.tsx'
import { Field } from '#app/_ui/field.tsx'
import { FormError, useErrorText } from '#app/_ui/form-error.tsx'
import { useForm } from '#app/_ui/use-form.ts'
import { CopyButton } from '#app/admin/_parts/copy-button.tsx'
import { makeCodes } from '#app/admin/codes/actions.ts'

type Made = { batchId: string; codes: string[]; credits: string }

/** Makes codes and shows them, once. */
export function CodesForm() {
  const t = useTranslations('adminMoney.codes.form')
  const errorText = useErrorText()
  const id = useId()
  const [made, setMade] = useState<Made | null>(null)
  const { formProps, pending, failure, field } = useForm(async (data) => {
    const result = await makeCodes(withEndOfDay(data))
    if (result.ok) setMade(result.data)
    return result
  })
  if (made) return <MadeCodes made={made} />
  const fault = (name: string) => field === name && failure && errorText(failure)
  const count = (name: 'count' | 'usesPerCode' | 'codesPerPerson', usual: number) => (
    <Field
      id={`${id}-${name}`}
      name={name}
      label={t(name)}
      hint={t(`${name}Hint`)}
      defaultValue={usual}
      required
      inputMode="numeric"
      autoComplete="off"
      error={fault(name)}
    />
  )
  return (
    <form {...formProps} className="needs-script grid gap-4">
      <FormError failure={failure} field={field} />
      <Field
        id={`${id}-name`}
        name="name"
        label={t('name')}
        hint={t('nameHint')}
        required
        maxLength={100}
        autoComplete="off"
        error={fault('name')}
      />
      <div className="grid gap-4 sm:grid-cols-2">
        <Field
          id={`${id}-credits`}
          name="credits"
          label={t('credits')}
          hint={t('creditsHint')}
          required
          inputMode="decimal"
          autoComplete="off"
          error={fault('credits') || fault('creditsMicros')}
        />
        {count('count', 10)}
        {count('usesPerCode', 1)}
        {count('codesPerPerson', 1)}
        <Field
          id={`${id}-until`}
          name="until"
          type="date"
          label={t('until')}
          hint={t('untilHint')}
          error={fault('redeemBefore')}
        />
        <Field
          id={`${id}-creditsLastDays`}
          name="creditsLastDays"
          label={t('creditsLastDays')}
          hint={t('creditsLastDaysHint')}
          inputMode="numeric"
          autoComplete="off"
          error={fault('creditsLastDays')}
        />
      </div>
      <Button type="submit" variant="primary" pending={pending} className="justify-self-start max-sm:w-full">
        {t('make')}
      </Button>
    </form>
  )
}

/** The last day ends where the operator is. */
function withEndOfDay(data: FormData): FormData {
  const until = data.get('until')
  data.delete('until')
  if (typeof until === 'string' && until !== '') {
    const end = new Date(`${until}T00:00:00`)
    end.setDate(end.getDate() + 1)
    data.set('redeemBefore', end.toISOString())
  }
  return data
}

function MadeCodes({ made: { batchId, codes, credits } }: { made: Made }) {
  const t = useTranslations('adminMoney.codes.made')
  const text = codes.join('\n')
  return (
    <div className="grid grid-cols-1 gap-4">
      <Alert tone="warning" role="status">
        {t('once', { count: codes.length, credits })}
      </Alert>
      <div className="flex flex-wrap gap-2">
        <CopyButton text={text}>{t('copy')}</CopyButton>
        <Button size="small" onClick={() => saveCsv(batchId, codes, credits)}>
          <Download className="size-4" aria-hidden="true" />
          {t('csv')}
        </Button>
        <Link href={`/admin/codes/${batchId}`} prefetch={false} className={buttonClass('quiet', 'small')}>
          {t('batch')}
        </Link>
      </div>
      <ol className="figures max-h-96 select-text overflow-auto rounded-lg bg-soft p-3 font-mono text-sm">
        {codes.map((code) => (
          <li key={code} className="whitespace-nowrap py-0.5">
            {code}
          </li>
        ))}
      </ol>
    </div>
  )
}

function saveCsv(batchId: string, codes: string[], credits: string) {
  const lines = [['number', 'code', 'credits'], ...codes.map((code, index) => [String(index + 1), code, credits])]
  const blob = new Blob([lines.map((cells) => `${cells.join(',')}\r\n`).join('')], { type: 'text/csv' })
  const url = URL.createObjectURL(blob)
  Object.assign(document.createElement('a'), { href: url, download: `codes-${batchId}.csv` }).click()
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}
