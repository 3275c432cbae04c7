'use client'

import { useLocale, useTranslations } from 'next-intl'
import { type ReactNode, useRef, useState, useSyncExternalStore } from 'react'
import { Button } from '#app/_ui/button.tsx'
import { Field } from '#app/_ui/field.tsx'
import type { FieldSpec } from '#app/admin/settings/fields.ts'

type ZoneFieldProps = {
  id: string
  label: string
  hint: string
  error: ReactNode
  field: Extract<FieldSpec, { kind: 'zone' }>
}

/** A time zone by its name, from a list while typing, or this browser's with one press. */
export function ZoneField({ id, label, hint, error, field }: ZoneFieldProps) {
  const t = useTranslations('adminService.settings')
  const own = useBrowserTimeZone()
  const input = useRef<HTMLInputElement>(null)
  const [zone, setZone] = useState(field.value)
  const now = useTimeIn(zone)

  function takeOwn() {
    // As if it were typed, so that the form hears of it too; React ignores a value that is merely assigned.
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')?.set?.call(input.current, own)
    input.current?.dispatchEvent(new Event('input', { bubbles: true }))
  }

  return (
    <div className="grid gap-2">
      <Field
        ref={input}
        id={id}
        name={field.name}
        label={label}
        hint={
          <>
            {hint}
            {now && <span className="figures block">{t('zoneNow', { time: now })}</span>}
          </>
        }
        error={error}
        value={zone}
        onChange={(event) => setZone(event.target.value)}
        list={`${id}-list`}
        maxLength={64}
        autoComplete="off"
        spellCheck={false}
        className="max-w-96"
      />
      <datalist id={`${id}-list`}>
        {field.zones.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      {own !== '' && own !== zone && (
        <Button size="small" className="w-fit max-w-full" onClick={takeOwn}>
          <span className="truncate">{t('useBrowserZone', { zone: own })}</span>
        </Button>
      )}
    </div>
  )
}

const subscribeNever = () => () => undefined

function useBrowserTimeZone(): string {
  return useSyncExternalStore(
    subscribeNever,
    () => Intl.DateTimeFormat().resolvedOptions().timeZone,
    () => '',
  )
}

/** The clock of a zone, in the browser only: the server's clock and the browser's would differ. */
function useTimeIn(timeZone: string): string | null {
  const locale = useLocale()
  const inBrowser = useSyncExternalStore(
    subscribeNever,
    () => true,
    () => false,
  )
  if (!inBrowser) return null
  try {
    return new Intl.DateTimeFormat(locale, { timeStyle: 'short', dateStyle: 'medium', timeZone }).format(new Date())
  } catch {
    return null
  }
}
