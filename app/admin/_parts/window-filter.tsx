'use client'

import { useTranslations } from 'next-intl'
import { parseAsString, useQueryStates } from 'nuqs'
import { Input } from '#app/_ui/input.tsx'
import { Select } from '#app/_ui/select.tsx'
import { WINDOWS, type WindowChoice } from '#app/admin/_parts/window.ts'

type WindowFilterProps = {
  /** What the list shows without being asked; `all` only where it is one owner's. */
  usual: '24h' | '30d' | 'all'
}

/** From when to when a list goes: a part of the address, read by `windowParam`. */
export function WindowFilter({ usual }: WindowFilterProps) {
  const t = useTranslations('admin.window')
  const [values, setValues] = useQueryStates(
    { window: parseAsString, from: parseAsString, to: parseAsString, after: parseAsString },
    { shallow: false, history: 'replace' },
  )
  const asked = WINDOWS.find((one) => one === values.window) ?? usual
  const chosen = asked === 'all' ? usual : asked
  const choices = WINDOWS.filter((one) => one !== 'all' || usual === 'all')
  const choose = (window: WindowChoice) =>
    void setValues({
      window: window === usual ? null : window,
      after: null,
      ...(window !== 'custom' && { from: null, to: null }),
    })
  return (
    <>
      <div className="min-w-32 max-w-60">
        <Select
          id="filter-window"
          name="window"
          label={t('label')}
          value={chosen}
          onChange={(event) => choose(event.target.value as WindowChoice)}
        >
          {choices.map((choice) => (
            <option key={choice} value={choice}>
              {t(choice)}
            </option>
          ))}
        </Select>
      </div>
      {chosen === 'custom' && (
        <div className="flex flex-wrap gap-2">
          {(['from', 'to'] as const).map((name) => (
            <div key={name} className="grid gap-1">
              <label htmlFor={`filter-${name}`} className="text-muted text-xs">
                {t(name)}
              </label>
              <Input
                id={`filter-${name}`}
                name={name}
                type="date"
                value={values[name] ?? ''}
                onChange={(event) => void setValues({ [name]: event.target.value || null, after: null })}
                className="h-9! px-2.5! text-sm! touch:h-11! touch:text-base!"
              />
            </div>
          ))}
        </div>
      )}
    </>
  )
}
