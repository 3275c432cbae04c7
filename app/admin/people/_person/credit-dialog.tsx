'use client'

import { useLocale, useTranslations } from 'next-intl'
import { useState } from 'react'
import { Field } from '#app/_ui/field.tsx'
import { Select } from '#app/_ui/select.tsx'
import { ActionDialog, type FieldFault } from '#app/admin/_parts/action-dialog.tsx'
import { ungroup } from '#app/admin/_parts/ungroup.ts'
import { changeCredits } from '#app/admin/people/actions.ts'
import { newId } from '#lib/id.ts'
import { creditsToDecimal, formatCredits, parseCredits } from '#lib/money.ts'

type CreditDialogProps = {
  userId: string
  name: string
  way: 'give' | 'deduct'
  /** What the person can spend now. */
  availableMicros: bigint
  /** A change above it waits for another admin; null asks nobody. */
  approvalAboveMicros: bigint | null
}

/** Gives credits to a person or takes them, and says before what will become of the balance. */
export function CreditDialog({ userId, name, way, ...terms }: CreditDialogProps) {
  const t = useTranslations('adminPeople.credits')
  return (
    <ActionDialog
      label={t(`${way}.button`)}
      title={t(`${way}.title`, { name })}
      text={t(`${way}.text`)}
      confirm={t(`${way}.confirm`)}
      variant={way === 'give' ? 'primary' : 'secondary'}
      values={{ userId }}
      fields={(fault) => <Fields way={way} fault={fault} {...terms} />}
      reason
      action={changeCredits}
    />
  )
}

type FieldsProps = Pick<CreditDialogProps, 'way' | 'availableMicros' | 'approvalAboveMicros'> & { fault: FieldFault }

function Fields({ way, fault, availableMicros, approvalAboveMicros }: FieldsProps) {
  const t = useTranslations('adminPeople.credits')
  const locale = useLocale()
  // One for each opening of the form: a press that is sent twice is one change.
  const [requestId] = useState(newId)
  const [typed, setTyped] = useState('')
  const [lastDay, setLastDay] = useState('')
  const micros = parseCredits(ungroup(typed))
  const amount = micros !== null && micros > 0n ? micros : null
  const after = amount === null ? null : way === 'give' ? availableMicros + amount : availableMicros - amount
  const waits = amount !== null && approvalAboveMicros !== null && amount > approvalAboveMicros
  return (
    <>
      <input type="hidden" name="requestId" value={requestId} />
      {way === 'deduct' && <input type="hidden" name="what" value="deduction" />}
      {way === 'give' && (
        <Select id="credit-what" name="what" label={t('what')} defaultValue="gift">
          <option value="gift">{t('gift')}</option>
          <option value="correction">{t('correction')}</option>
        </Select>
      )}
      <Field
        id="credit-amount"
        name="credits"
        label={t('amount')}
        inputMode="decimal"
        autoComplete="off"
        maxLength={20}
        required
        className="figures"
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        error={fault('credits') && t('enterAmount')}
      />
      {way === 'give' && (
        <>
          <Field
            id="credit-last-day"
            name="lastDay"
            type="date"
            label={t('lastDay')}
            hint={t('lastDayHint')}
            value={lastDay}
            onChange={(event) => setLastDay(event.target.value)}
            error={(fault('expiresAt') || fault('lotExpiresAt')) && t('enterDay')}
          />
          <input type="hidden" name="expiresAt" value={endOfDay(lastDay)} />
        </>
      )}
      <p role="status" className="figures rounded-lg bg-soft px-3 py-2 text-sm">
        {after === null ? (
          t('now', { amount: formatCredits(availableMicros, locale) })
        ) : after < 0n ? (
          <span className="text-danger">{t('tooMuch', { amount: creditsToDecimal(availableMicros) })}</span>
        ) : (
          t('after', { before: formatCredits(availableMicros, locale), after: formatCredits(after, locale) })
        )}
        {waits && after !== null && after >= 0n && <span className="mt-1 block">{t('waits')}</span>}
      </p>
    </>
  )
}

/** The end of a day where this browser is; empty for none. */
function endOfDay(day: string): string {
  const [year, month, date] = day.split('-').map(Number)
  if (!year || !month || !date) return ''
  return new Date(year, month - 1, date + 1).toISOString()
}
