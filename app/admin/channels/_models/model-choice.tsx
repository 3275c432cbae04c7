'use client'

import { useLocale, useTranslations } from 'next-intl'
import { useState } from 'react'
import { Field } from '#app/_ui/field.tsx'
import { Badge } from '#app/admin/_parts/badge.tsx'
import { type Choice, isLoss, NO_PRICES, salePrices, type TypedPrices } from '#app/admin/channels/_models/choice.ts'
import type { FoundModel } from '#lib/models/shared.ts'
import { formatCredits } from '#lib/money.ts'

type ModelChoiceProps = {
  models: readonly FoundModel[]
  choice: Choice
  onChange: (choice: Choice) => void
  /** What is added to a cost where nobody typed a price. */
  markupPercent: number
}

/** Beyond this a list is searched, not read. */
const SEARCHED_FROM = 12
const SHOWN_MAX = 100

/** Models that a vendor has: those with a price to tick, the others to price by hand. */
export function ModelChoice({ models, choice, onChange, markupPercent }: ModelChoiceProps) {
  const t = useTranslations('adminModels.choice')
  const chat = models.filter((model) => model.isChat)
  const priced = chat.filter((model) => model.from !== 'hand')
  const unpriced = chat.filter((model) => model.from === 'hand')
  const others = models.length - chat.length
  const set = (vendorModel: string, prices: TypedPrices | null) => {
    const { [vendorModel]: _, ...rest } = choice
    onChange(prices ? { ...rest, [vendorModel]: prices } : rest)
  }
  const row = (model: FoundModel) => (
    <ModelRow
      key={model.vendorModel}
      model={model}
      prices={choice[model.vendorModel] ?? null}
      onChange={(prices) => set(model.vendorModel, prices)}
      markupPercent={markupPercent}
    />
  )
  return (
    <div className="grid gap-4">
      {priced.length > 0 && (
        <fieldset>
          <legend className="font-medium text-sm">{t('priced', { count: priced.length })}</legend>
          <ul className="mt-1 divide-y divide-line">{priced.slice(0, SHOWN_MAX).map(row)}</ul>
        </fieldset>
      )}
      {unpriced.length > 0 && <Unpriced open={priced.length === 0} models={unpriced} choice={choice} row={row} />}
      {others > 0 && <p className="text-muted text-xs">{t('others', { count: others })}</p>}
    </div>
  )
}

type UnpricedProps = {
  open: boolean
  models: readonly FoundModel[]
  choice: Choice
  row: (model: FoundModel) => React.ReactNode
}

function Unpriced({ open, models, choice, row }: UnpricedProps) {
  const t = useTranslations('adminModels.choice')
  const [wanted, setWanted] = useState('')
  const found = models.filter(
    ({ vendorModel }) => vendorModel.toLowerCase().includes(wanted.trim().toLowerCase()) || choice[vendorModel],
  )
  return (
    <details open={open}>
      <summary className="cursor-pointer py-1 font-medium text-sm touch:py-2.5">
        {t('unpriced', { count: models.length })}
      </summary>
      <p className="mt-1 text-muted text-xs">{t('unpricedHint')}</p>
      {models.length >= SEARCHED_FROM && (
        <input
          type="search"
          value={wanted}
          onChange={(event) => setWanted(event.target.value)}
          // Enter looks no further; it must not send the form.
          onKeyDown={(event) => event.key === 'Enter' && event.preventDefault()}
          placeholder={t('search')}
          aria-label={t('search')}
          autoComplete="off"
          spellCheck={false}
          className="mt-2 h-9 w-full rounded-lg border border-line-strong/70 bg-raised px-3 text-sm hover:border-line-strong touch:h-11 touch:text-base"
        />
      )}
      <ul className="relative mt-1 max-h-112 divide-y divide-line overflow-y-auto">
        {found.slice(0, SHOWN_MAX).map(row)}
        {found.length === 0 && <li className="py-2 text-muted text-sm">{t('none')}</li>}
        {found.length > SHOWN_MAX && (
          <li className="py-2 text-muted text-xs">{t('more', { count: found.length - SHOWN_MAX })}</li>
        )}
      </ul>
    </details>
  )
}

type ModelRowProps = {
  model: FoundModel
  prices: TypedPrices | null
  onChange: (prices: TypedPrices | null) => void
  markupPercent: number
}

function ModelRow({ model, prices, onChange, markupPercent }: ModelRowProps) {
  const t = useTranslations('adminModels.choice')
  const locale = useLocale()
  const credits = (micros: bigint) => formatCredits(micros, locale)
  return (
    <li>
      <label className="flex min-h-11 cursor-pointer items-start gap-3 py-2">
        <input
          type="checkbox"
          checked={prices !== null}
          onChange={(event) => onChange(event.target.checked ? NO_PRICES : null)}
          className="mt-0.5 size-5 shrink-0"
        />
        <span className="grid min-w-0 flex-1 gap-x-4 text-sm sm:flex sm:items-baseline sm:justify-between">
          <span className="min-w-0">
            <span className="break-words">{model.displayName}</span>{' '}
            {model.displayName !== model.vendorModel && (
              <span className="break-all text-muted text-xs">{model.vendorModel}</span>
            )}{' '}
            {model.from === 'known' && <Badge>{t('known')}</Badge>}
          </span>
          {model.price && (
            <span className="figures shrink-0 text-muted text-xs">
              {t('prices', { input: credits(model.price.inputMicros), output: credits(model.price.outputMicros) })}
              <span className="sm:block sm:text-end">
                <span className="sm:hidden"> · </span>
                {t('costs', {
                  input: credits(model.price.costInputMicros),
                  output: credits(model.price.costOutputMicros),
                })}
              </span>
            </span>
          )}
        </span>
      </label>
      {prices && model.from === 'hand' && (
        <HandPrices name={model.vendorModel} prices={prices} onChange={onChange} markupPercent={markupPercent} />
      )}
    </li>
  )
}

type HandPricesProps = {
  name: string
  prices: TypedPrices
  onChange: (prices: TypedPrices) => void
  markupPercent: number
}

function HandPrices({ name, prices, onChange, markupPercent }: HandPricesProps) {
  const t = useTranslations('adminModels.choice')
  const sale = salePrices(prices, markupPercent)
  return (
    <div className="mb-3 ms-8">
      <div className="grid grid-cols-2 items-start gap-3 sm:grid-cols-4">
        {(['costInput', 'costOutput', 'input', 'output'] as const).map((field) => (
          <Field
            key={field}
            id={`${field}-${name}`}
            name=""
            label={t(`field.${field}`)}
            value={prices[field]}
            placeholder={sale[field]}
            onChange={(event) => onChange({ ...prices, [field]: event.target.value })}
            inputMode="decimal"
            autoComplete="off"
            maxLength={20}
            className="figures"
          />
        ))}
      </div>
      {isLoss(sale) && <p className="mt-1.5 text-sm text-warning">{t('loss')}</p>}
    </div>
  )
}
