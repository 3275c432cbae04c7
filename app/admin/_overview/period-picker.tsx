'use client'

import { useTranslations } from 'next-intl'
import { parseAsString, useQueryStates } from 'nuqs'
import { useTransition } from 'react'
import { Input } from '#app/_ui/input.tsx'
import { Select } from '#app/_ui/select.tsx'
import { isPeriod, type Period, RANGES } from '#lib/reports/shared.ts'

type PeriodPickerProps = {
  usual: string
  /** The days that are shown; a period of one's own begins with them. */
  shown: Period
  /** The last day that can be asked for. */
  today: string
}

const CHOICES = [...RANGES, 'custom'] as const

/** Which days the overview shows: a part of the address. */
export function PeriodPicker({ usual, shown, today }: PeriodPickerProps) {
  const t = useTranslations('adminOverview')
  const [isPending, startTransition] = useTransition()
  const [values, setValues] = useQueryStates(
    { range: parseAsString, from: parseAsString, to: parseAsString },
    { shallow: false, history: 'replace', startTransition },
  )
  const choose = (range: string) => {
    if (range === 'custom') return void setValues({ range, ...shown })
    void setValues({ range: range === usual ? null : range, from: null, to: null })
  }
  const days = { from: values.from ?? shown.from, to: values.to ?? shown.to }
  const chosen = CHOICES.find((choice) => choice === values.range) ?? usual
  const isWrong = chosen === 'custom' && !isPeriod(days.from, days.to)
  return (
    <search className="needs-script flex flex-wrap items-end gap-2" aria-busy={isPending}>
      {chosen === 'custom' &&
        (['from', 'to'] as const).map((name) => (
          <div key={name} className="grid gap-1">
            <label htmlFor={`period-${name}`} className="text-muted text-xs">
              {t(`range.${name}`)}
            </label>
            <Input
              id={`period-${name}`}
              type="date"
              max={today}
              value={days[name]}
              aria-invalid={isWrong || undefined}
              aria-describedby={isWrong ? 'period-wrong' : undefined}
              onChange={(event) => event.target.value && void setValues({ [name]: event.target.value })}
              className="h-9! px-2.5! text-sm! touch:h-11! touch:text-base!"
            />
          </div>
        ))}
      <div className={isPending ? 'min-w-36 animate-breathe' : 'min-w-36'}>
        <Select
          id="period-range"
          label={t('range.label')}
          value={chosen}
          onChange={(event) => choose(event.target.value)}
        >
          {CHOICES.map((range) => (
            <option key={range} value={range}>
              {t(`range.${range}`)}
            </option>
          ))}
        </Select>
      </div>
      {isWrong && (
        <p id="period-wrong" role="alert" className="w-full text-danger text-xs">
          {t('range.wrong')}
        </p>
      )}
    </search>
  )
}
