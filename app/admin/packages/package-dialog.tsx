'use client'

import { Plus } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useId } from 'react'
import { Field } from '#app/_ui/field.tsx'
import { ActionDialog } from '#app/admin/_parts/action-dialog.tsx'
import { savePackage } from '#app/admin/packages/actions.ts'
import { creditsToDecimal, priceToDecimal } from '#lib/money.ts'

export type KnownPackage = {
  id: string
  priceMinor: bigint
  currency: string
  creditsMicros: bigint
  bonusMicros: bigint
  position: number
  active: boolean
}

type PackageDialogProps = {
  /** Without it a new one is made. */
  known?: KnownPackage
  /** What a new one costs its price in, and where it comes. */
  currency: string
  position: number
}

/** Makes a package or changes one; orders keep the terms they were placed with. */
export function PackageDialog({ known, currency, position }: PackageDialogProps) {
  const t = useTranslations('adminMoney.packages')
  const id = useId()
  return (
    <ActionDialog
      label={
        known ? (
          t('change')
        ) : (
          <>
            <Plus className="size-4" aria-hidden="true" />
            {t('new')}
          </>
        )
      }
      title={known ? t('changeTitle', { id: known.id }) : t('new')}
      text={known ? t('changeText') : undefined}
      confirm={t('save')}
      variant={known ? 'secondary' : 'primary'}
      values={known ? { id: known.id } : {}}
      fields={(fault) => (
        <>
          {!known && (
            <Field
              id={`${id}-id`}
              name="id"
              label={t('id')}
              hint={t('idHint')}
              required
              maxLength={40}
              autoComplete="off"
              spellCheck={false}
              error={fault('id')}
            />
          )}
          <div className="grid grid-cols-[minmax(0,2fr)_minmax(0,1fr)] gap-3">
            <Field
              id={`${id}-price`}
              name="price"
              label={t('price')}
              defaultValue={known && priceToDecimal(known.priceMinor, known.currency)}
              required
              inputMode="decimal"
              autoComplete="off"
              error={fault('price') || fault('priceMinor')}
            />
            <Field
              id={`${id}-currency`}
              name="currency"
              label={t('currency')}
              defaultValue={known?.currency ?? currency}
              required
              maxLength={3}
              autoCapitalize="characters"
              autoComplete="off"
              spellCheck={false}
              error={fault('currency')}
            />
          </div>
          <div className="grid grid-cols-2 gap-3">
            <Field
              id={`${id}-credits`}
              name="credits"
              label={t('credits')}
              defaultValue={known && creditsToDecimal(known.creditsMicros)}
              required
              inputMode="decimal"
              autoComplete="off"
              error={fault('credits') || fault('creditsMicros')}
            />
            <Field
              id={`${id}-bonus`}
              name="bonus"
              label={t('bonus')}
              defaultValue={known ? creditsToDecimal(known.bonusMicros) : '0'}
              inputMode="decimal"
              autoComplete="off"
              error={fault('bonus') || fault('bonusMicros')}
            />
          </div>
          <Field
            id={`${id}-position`}
            name="position"
            label={t('position')}
            hint={t('positionHint')}
            defaultValue={position}
            inputMode="numeric"
            autoComplete="off"
            error={fault('position')}
          />
          <label className="flex min-h-9 items-center gap-2.5 text-sm touch:min-h-11">
            <input type="checkbox" name="active" defaultChecked={known?.active ?? true} className="size-4" />
            {t('forSale')}
          </label>
        </>
      )}
      action={savePackage}
    />
  )
}
