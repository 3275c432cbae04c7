'use client'

import { Search } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { debounce, parseAsString, useQueryStates } from 'nuqs'
import { type ReactNode, useTransition } from 'react'
import { Button } from '#app/_ui/button.tsx'
import { Select } from '#app/_ui/select.tsx'

/** The name in the address of the place in the list from which a page begins; every change of a filter drops it. */
const CURSOR = 'after'

function useFilter(name: string) {
  const [isPending, startTransition] = useTransition()
  const [values, setValues] = useQueryStates(
    { [name]: parseAsString, [CURSOR]: parseAsString },
    { shallow: false, history: 'replace', startTransition },
  )
  return {
    value: values[name] ?? '',
    isPending,
    change: (value: string, wait = 0) =>
      void setValues(
        { [name]: value === '' ? null : value, [CURSOR]: null },
        wait > 0 && value !== '' ? { limitUrlUpdates: debounce(wait) } : undefined,
      ),
  }
}

/** Filters of a list, side by side; each one is a part of the address. */
export function FilterBar({ children, clear }: { children: ReactNode; clear?: readonly string[] }) {
  const t = useTranslations('admin')
  const names = clear ?? []
  const [values, setValues] = useQueryStates(
    Object.fromEntries([...names, CURSOR].map((name) => [name, parseAsString])),
    { shallow: false },
  )
  const isSet = names.some((name) => values[name] !== null)
  return (
    <search className="needs-script mt-5 flex flex-wrap items-end gap-3">
      {children}
      {isSet && (
        <Button variant="quiet" size="small" onClick={() => void setValues(null)}>
          {t('clearFilters')}
        </Button>
      )}
    </search>
  )
}

/** Looks for what is typed, once the typing rests. */
export function SearchFilter({
  name = 'q',
  label,
  placeholder,
}: {
  name?: string
  label: string
  placeholder?: string
}) {
  const { value, isPending, change } = useFilter(name)
  return (
    <label className="grid min-w-0 flex-1 basis-56 gap-1">
      <span className="text-muted text-xs">{label}</span>
      <span className="relative">
        <Search
          className={`pointer-events-none absolute start-3 top-1/2 size-4 -translate-y-1/2 text-muted ${isPending ? 'animate-breathe' : ''}`}
          aria-hidden="true"
        />
        <input
          type="search"
          value={value}
          onChange={(event) => change(event.target.value, 250)}
          placeholder={placeholder}
          maxLength={200}
          autoComplete="off"
          spellCheck={false}
          className="h-9 w-full rounded-lg border border-line-strong/70 bg-raised ps-9 pe-3 text-sm transition-colors duration-150 hover:border-line-strong touch:h-11 touch:text-base"
        />
      </span>
    </label>
  )
}

type SelectFilterProps = {
  name: string
  label: string
  /** Value and text of each choice; the empty choice shows all. */
  options: readonly (readonly [value: string, text: string])[]
  /** The text of the empty choice; null where one must be chosen, and the first stands for it. */
  all?: string | null
}

export function SelectFilter({ name, label, options, all }: SelectFilterProps) {
  const t = useTranslations('admin')
  const { value, change } = useFilter(name)
  return (
    <div className="min-w-32 max-w-60">
      <Select
        id={`filter-${name}`}
        name={name}
        label={label}
        value={value}
        onChange={(event) => change(event.target.value)}
      >
        {all !== null && <option value="">{all ?? t('all')}</option>}
        {options.map(([option, text], index) => (
          <option key={option} value={all === null && index === 0 ? '' : option}>
            {text}
          </option>
        ))}
      </Select>
    </div>
  )
}
