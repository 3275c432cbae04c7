'use client'

import { useTranslations } from 'next-intl'
import type { ReactNode } from 'react'
import { Field } from '#app/_ui/field.tsx'
import { Select } from '#app/_ui/select.tsx'
import type { FormResult } from '#app/_ui/use-form.ts'
import { ActionDialog } from '#app/admin/_parts/action-dialog.tsx'
import { addPrompt, editPrompt } from '#app/admin/prompts/actions.ts'
import { LOCALE_NAMES, LOCALES, type Locale } from '#lib/i18n/shared.ts'
import { PROMPT_LIMITS } from '#lib/prompts/shared.ts'

export type PromptView = {
  id: string
  version: number
  title: string
  text: string
  locale: string | null
  visible: boolean
}

/** A button with the form of a prompt behind it: a new one, or one as it is now. */
export function PromptButton({ prompt }: { prompt?: PromptView }) {
  const t = useTranslations('adminService.prompts')

  async function save(data: FormData): Promise<FormResult> {
    const text = String(data.get('text') ?? '').replaceAll('\r\n', '\n')
    const locale = (String(data.get('locale') ?? '') || null) as Locale | null
    const fields = { title: String(data.get('title') ?? ''), text, locale }
    return prompt ? editPrompt({ id: prompt.id, version: prompt.version, ...fields }) : addPrompt(fields)
  }

  return (
    <ActionDialog
      label={prompt ? t('edit') : t('new')}
      title={prompt ? t('edit') : t('new')}
      confirm={prompt ? t('save') : t('add')}
      variant={prompt ? 'secondary' : 'primary'}
      action={save}
      fields={(fault) => (
        <>
          <Field
            id="prompt-title"
            name="title"
            label={t('name')}
            hint={t('nameHint')}
            defaultValue={prompt?.title}
            required
            maxLength={PROMPT_LIMITS.title}
            autoComplete="off"
            error={fault('title') && t('wrong')}
          />
          <TextArea label={t('text')} hint={t('textHint')} value={prompt?.text} error={fault('text') && t('wrong')} />
          <Select
            id="prompt-locale"
            name="locale"
            label={<span className="font-medium text-ink text-sm">{t('language')}</span>}
            defaultValue={prompt?.locale ?? ''}
          >
            <option value="">{t('everyLanguage')}</option>
            {LOCALES.map((locale) => (
              <option key={locale} value={locale} lang={locale}>
                {LOCALE_NAMES[locale]}
              </option>
            ))}
          </Select>
        </>
      )}
    />
  )
}

type TextAreaProps = { label: string; hint: string; value: string | undefined; error: ReactNode }

function TextArea({ label, hint, value, error }: TextAreaProps) {
  return (
    <div className="grid gap-1.5">
      <label htmlFor="prompt-text" className="font-medium text-sm">
        {label}
      </label>
      <textarea
        id="prompt-text"
        name="text"
        defaultValue={value}
        rows={5}
        required
        maxLength={PROMPT_LIMITS.text}
        aria-invalid={error ? true : undefined}
        aria-describedby="prompt-text-hint"
        className="field-sizing-content max-h-60 min-h-28 w-full rounded-lg border border-line-strong/70 bg-raised px-3.5 py-2.5 text-base hover:border-line-strong aria-invalid:border-danger sm:text-sm"
      />
      <p id="prompt-text-hint" className="text-muted text-xs">
        {hint}
      </p>
      {error && <p className="text-danger text-sm">{error}</p>}
    </div>
  )
}
