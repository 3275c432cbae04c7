'use client'

import { useTranslations } from 'next-intl'
import { useState, useTransition } from 'react'
import { Alert } from '#app/_ui/alert.tsx'
import { Button } from '#app/_ui/button.tsx'
import { Field } from '#app/_ui/field.tsx'
import { FormError, useErrorText } from '#app/_ui/form-error.tsx'
import { SaveRow } from '#app/_ui/save-row.tsx'
import type { FormFailure } from '#app/_ui/use-form.ts'
import { useRefreshingForm } from '#app/admin/_parts/use-refreshing-form.ts'
import { draftedLosses, draftOf, FIELDS, type PriceDraft } from '#app/admin/models/_model/draft.ts'
import { PreviewTable } from '#app/admin/models/_model/preview-table.tsx'
import { addPrice, previewPriceChange } from '#app/admin/models/actions.ts'
import type { PricePreview, UnitPrices } from '#lib/models/shared.ts'

type PriceFormProps = { modelId: string; version: number; price: UnitPrices | null; markupPercent: number }

/** A price from now or from a later moment on, with what the last month would have been at it. */
export function PriceForm({ modelId, version, price, markupPercent }: PriceFormProps) {
  const { formProps, pending, done, failure, field } = useRefreshingForm(addPrice)
  const isShown = field !== null && (field === 'from' || FIELDS.some((name) => name === field))
  return (
    <form {...formProps} className="needs-script grid gap-5">
      <FormError failure={failure} field={isShown ? field : null} />
      <input type="hidden" name="modelId" value={modelId} />
      <input type="hidden" name="version" value={version} />
      {/* Another version is another draft: what another admin has changed since must not be written over. */}
      <PriceFields key={version} {...{ modelId, price, markupPercent, failure, field, pending, done }} />
    </form>
  )
}

type PriceFieldsProps = Omit<PriceFormProps, 'version'> & {
  failure: FormFailure | null
  field: string | null
  pending: boolean
  done: boolean
}

function PriceFields({ modelId, price, markupPercent, failure, field, pending, done }: PriceFieldsProps) {
  const t = useTranslations('adminModels.priceForm')
  const errorText = useErrorText()
  const [draft, setDraft] = useState<PriceDraft>(() => draftOf(price))
  const [begins, setBegins] = useState('')
  const losses = draftedLosses(draft)
  return (
    <>
      <input type="hidden" name="from" value={instantOf(begins)} />
      <div className="grid gap-5 lg:grid-cols-2">
        {(['sale', 'cost'] as const).map((side) => (
          <fieldset key={side} className="min-w-0">
            <legend className="mb-2 font-medium text-sm">{t(side)}</legend>
            <div className="grid grid-cols-2 items-start gap-3">
              {FIELDS.filter((name) => name.startsWith('cost') === (side === 'cost')).map((name) => (
                <Field
                  key={name}
                  id={`price-${name}`}
                  name={name}
                  label={t(`fields.${name}`)}
                  value={draft[name]}
                  onChange={(event) => setDraft({ ...draft, [name]: event.target.value })}
                  required={name === 'input' || name === 'output'}
                  inputMode="decimal"
                  autoComplete="off"
                  maxLength={20}
                  className="figures"
                  error={field === name && t('bad')}
                />
              ))}
            </div>
          </fieldset>
        ))}
      </div>
      <p className="text-muted text-xs">{t('emptyHint', { percent: markupPercent })}</p>
      <div className="max-w-xs">
        <Field
          id="price-from"
          name=""
          type="datetime-local"
          label={t('from')}
          hint={t('fromHint')}
          value={begins}
          onChange={(event) => setBegins(event.target.value)}
          error={field === 'from' && failure && (failure.code === 'invalid_input' ? t('fromBad') : errorText(failure))}
        />
      </div>
      {losses.length > 0 && (
        <Alert tone="warning" role="status">
          <p>{t('loss', { kinds: losses.map((kind) => t(`kinds.${kind}`)).join(t('comma')) })}</p>
          <label className="mt-2 flex min-h-11 cursor-pointer items-center gap-3">
            <input type="checkbox" name="allowLoss" className="size-5 shrink-0" />
            {t('allowLoss')}
          </label>
        </Alert>
      )}
      <Preview modelId={modelId} draft={draft} />
      <SaveRow pending={pending} isSaved={done}>
        {begins ? t('plan') : t('saveNow')}
      </SaveRow>
    </>
  )
}

type PreviewProps = { modelId: string; draft: PriceDraft }
type Shown = { draft: PriceDraft; preview: PricePreview } | { draft: PriceDraft; failure: FormFailure }

function Preview({ modelId, draft }: PreviewProps) {
  const t = useTranslations('adminModels.priceForm')
  const errorText = useErrorText()
  const [shown, setShown] = useState<Shown | null>(null)
  const [isPending, startTransition] = useTransition()
  const look = () =>
    startTransition(async () => {
      const result = await previewPriceChange({ modelId, ...draft }).catch(
        () => ({ ok: false, error: { code: 'network', params: {} } }) as const,
      )
      setShown(result.ok ? { draft, preview: result.data } : { draft, failure: result.error })
    })
  // What was asked of other prices says nothing of these.
  const current = shown?.draft === draft ? shown : null
  return (
    <div className="grid gap-3">
      <div>
        <Button size="small" pending={isPending} onClick={look}>
          {t('preview')}
        </Button>
      </div>
      <div role="status">
        {current && 'preview' in current && <PreviewTable preview={current.preview} />}
        {current && 'failure' in current && <Alert tone="danger">{errorText(current.failure)}</Alert>}
      </div>
    </div>
  )
}

/** The moment that a time of this browser's place is; empty for none. */
function instantOf(local: string): string {
  const date = new Date(local)
  return Number.isNaN(date.getTime()) ? '' : date.toISOString()
}
