/** The interface languages, the default first. */
export const LOCALES = ['en', 'zh-CN'] as const

export type Locale = (typeof LOCALES)[number]

/** Each language's own name, as the switch shows it. */
export const LOCALE_NAMES: Record<Locale, string> = { en: 'English', 'zh-CN': '简体中文' }

export const LOCALE_COOKIE = 'locale'

function isLocale(value: unknown): value is Locale {
  return LOCALES.includes(value as Locale)
}

type LocaleSources = {
  /** What this browser chose last. */
  cookie?: string | null
  /** What the person chose on any device. */
  user?: string | null
  acceptLanguage?: string | null
}

/**
 * Picks the interface language: this browser's choice, else the person's, else the best match of what the browser
 * accepts, else English.
 */
export function resolveLocale({ cookie, user, acceptLanguage }: LocaleSources): Locale {
  if (isLocale(cookie)) return cookie
  if (isLocale(user)) return user
  for (const tag of acceptedTags(acceptLanguage ?? '')) {
    const match = matchTag(tag)
    if (match) return match
  }
  return LOCALES[0]
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

function matchTag(tag: string): Locale | undefined {
  const language = tag.split('-')[0]
  return (
    LOCALES.find((locale) => locale.toLowerCase() === tag) ??
    LOCALES.find((locale) => locale.split('-')[0] === language)
  )
}
