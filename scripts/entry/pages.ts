import { readFileSync } from 'node:fs'
import path from 'node:path'
import { LOCALES, type Locale } from '#lib/i18n/shared.ts'

type Texts = Record<
  'awayTitle' | 'awayBody' | 'tooManyTitle' | 'tooManyBody' | 'tooLargeTitle' | 'tooLargeBody' | 'again' | 'start',
  string
>

/** The pages that nginx shows by itself: the service is away, somebody asks too often, or sends too much. */
const PAGES = { away: 'away', 'too-many': 'tooMany', 'too-large': 'tooLarge' } as const

type Page = { name: string; html: string }

const catalogues = path.join(import.meta.dirname, '..', '..', 'lib', 'i18n', 'messages')

/** Makes nginx's own pages in every language, each a whole document that asks for nothing else. */
export function renderEntryPages(): Page[] {
  return LOCALES.flatMap((locale) => {
    const texts = JSON.parse(readFileSync(path.join(catalogues, locale, 'entry.json'), 'utf8')) as Texts
    return Object.entries(PAGES).map(([name, prefix]) => ({
      name: `${name}.${locale}.html`,
      html: renderPage(locale, {
        title: texts[`${prefix}Title`],
        body: texts[`${prefix}Body`],
        // Asking for the same address again would send nothing that was too large, and show an empty form.
        link: prefix === 'tooLarge' ? { href: '/', text: texts.start } : { href: '', text: texts.again },
      }),
    }))
  })
}

type Content = { title: string; body: string; link: { href: string; text: string } }

// The colours are those of app/globals.css.
function renderPage(locale: Locale, { title, body, link }: Content): string {
  return `<!doctype html>
<html lang="${locale}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${escapeHtml(title)}</title>
<style>
:root { color-scheme: light dark; --canvas: oklch(0.991 0.003 84); --ink: oklch(0.25 0.012 70); --muted: oklch(0.475 0.014 75); --accent: oklch(0.47 0.086 205); --on-accent: oklch(0.99 0.004 205); }
@media (prefers-color-scheme: dark) {
  :root { --canvas: oklch(0.205 0.006 75); --ink: oklch(0.925 0.006 84); --muted: oklch(0.725 0.01 80); --accent: oklch(0.8 0.09 205); --on-accent: oklch(0.2 0.03 205); }
}
body { margin: 0; min-height: 100dvh; display: grid; place-items: center; background: var(--canvas); color: var(--ink); font: 1rem/1.7 ui-sans-serif, system-ui, "PingFang SC", "Hiragino Sans GB", "Noto Sans SC", "Microsoft YaHei", sans-serif; line-break: strict; }
main { max-width: 30rem; padding: 2rem 1.5rem 12vh; box-sizing: border-box; }
h1 { font-size: 1.375rem; line-height: 1.35; font-weight: 600; margin: 0 0 .75rem; text-wrap: balance; }
p { margin: 0 0 1.75rem; color: var(--muted); text-wrap: pretty; }
a { display: inline-block; min-height: 2.75rem; box-sizing: border-box; padding: .5rem 1.25rem; border-radius: .625rem; background: var(--accent); color: var(--on-accent); font-weight: 500; text-decoration: none; }
a:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; }
</style>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(body)}</p>
<a href="${link.href}">${escapeHtml(link.text)}</a>
</main>
</body>
</html>
`
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
}
