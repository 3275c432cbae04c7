'use client'

import { Monitor, Moon, Sun } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useId, useSyncExternalStore } from 'react'
import { keepCookie } from '#app/_ui/keep-cookie.ts'
import { THEME_COOKIE, type Theme } from '#app/_ui/theme.ts'

const YEAR_SECONDS = 31_536_000

const OPTIONS = [
  { theme: 'system', icon: Monitor },
  { theme: 'light', icon: Sun },
  { theme: 'dark', icon: Moon },
] as const

const listeners = new Set<() => void>()

function subscribe(listener: () => void) {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

function currentTheme(): Theme {
  const attribute = document.documentElement.dataset.theme
  return attribute === 'light' || attribute === 'dark' ? attribute : 'system'
}

function applyTheme(theme: Theme) {
  const root = document.documentElement
  if (theme === 'system') delete root.dataset.theme
  else root.dataset.theme = theme
  keepCookie(THEME_COOKIE, theme, theme === 'system' ? 0 : YEAR_SECONDS)
  for (const listener of listeners) listener()
}

/** Device, light or dark, as three radio buttons; takes effect at once. */
export function ThemeSwitch() {
  const t = useTranslations('common.theme')
  const name = useId()
  const theme = useSyncExternalStore(subscribe, currentTheme, () => null)
  return (
    <fieldset className="needs-script inline-flex rounded-lg bg-soft p-0.5">
      <legend className="sr-only">{t('label')}</legend>
      {OPTIONS.map((option) => (
        <label
          key={option.theme}
          title={t(option.theme)}
          className="relative flex size-8 cursor-pointer items-center justify-center rounded-md text-muted transition-colors duration-150 hover:text-ink has-checked:bg-chosen has-checked:text-ink has-checked:shadow-sm has-focus-visible:outline-2 has-focus-visible:outline-accent touch:size-11"
        >
          <input
            type="radio"
            name={name}
            className="absolute inset-0 cursor-pointer appearance-none opacity-0"
            checked={theme === option.theme}
            onChange={() => applyTheme(option.theme)}
            aria-label={t(option.theme)}
          />
          <option.icon className="size-4" aria-hidden="true" />
        </label>
      ))}
    </fieldset>
  )
}
