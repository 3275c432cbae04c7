/** The interface languages, the default first. */
export const LOCALES = ['en', 'zh-CN'] as const

export type Locale = (typeof LOCALES)[number]

/** Each language's own name, as the switch shows it. */
export const LOCALE_NAMES: Record<Locale, string> = { en: 'English', 'zh-CN': '简体中文' }

export const LOCALE_COOKIE = 'locale'

type LocaleSources = {
  /** What this browser chose last. */
  cookie?: string | null
  /** What the person chose on any device. */
  user?: string | null
  acceptLanguage?: string | null
  /** Those that the operator offers; all unless given. */
  offered?: readonly string[]
}

/**
 * Picks the interface language: this browser's choice, else the person's, else the best match of what the browser
 * accepts, else English; of those that are offered.
 */
export function resolveLocale({ cookie, user, acceptLanguage, offered = LOCALES }: LocaleSources): Locale {
  const locales = LOCALES.filter((locale) => offered.includes(locale))
  const chosen = [cookie, user].map((name) => locales.find((locale) => locale === name)).find(Boolean)
  if (chosen) return chosen
  for (const tag of acceptedTags(acceptLanguage ?? '')) {
    const match = matchTag(tag, locales)
    if (match) return match
  }
  return locales[0] ?? LOCALES[0]
}

function acceptedTags(header: string): string[] {
  return header
    .slice(0, 1_000)
    .split(',')
    .map((part, index) => {
      const [tag = '', ...params] = part.trim().split(';')
      const quality = params.map((param) => /^\s*q=([\d.]+)\s*$/i.exec(param)?.[1]).find(Boolean)
      return { tag: tag.trim().toLowerCase(), quality: quality === undefined ? 1 : Number(quality), index }
    })
    .filter(({ tag, quality }) => tag !== '' && quality > 0)
    .sort((a, b) => b.quality - a.quality || a.index - b.index)
    .map(({ tag }) => tag)
}

function matchTag(tag: string, locales: readonly Locale[]): Locale | undefined {
  const language = tag.split('-')[0]
  return (
    locales.find((locale) => locale.toLowerCase() === tag) ??
    locales.find((locale) => locale.split('-')[0] === language)
  )
}
