import { readFileSync } from 'node:fs'
import path from 'node:path'

type Texts = { title: string; body: string; operator: string }

/** A complete answer to a request that is not for us. */
export type Refusal = { status: number; headers: Record<string, string>; body: string }

/**
 * Says which setting to change: a page in both languages for people, JSON for programs.
 * @param path the request's path, which tells who asks
 */
export function refuseHost(path: string, host: string, appUrl: string): Refusal {
  const shared = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }
  if (/^\/(api|v1)(\/|$)/.test(path)) {
    const message = `host not allowed: this server answers for ${appUrl} (APP_URL)`
    const error = { code: 'host_not_allowed', message, type: 'invalid_request_error', param: null, params: { appUrl } }
    return { status: 421, headers: { ...shared, 'content-type': 'application/json' }, body: JSON.stringify({ error }) }
  }
  const headers = {
    ...shared,
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  }
  return { status: 421, headers, body: renderPage(host, appUrl) }
}

const catalogues = path.join(import.meta.dirname, '..', '..', 'lib', 'i18n', 'messages')

function readTexts(locale: string): Texts {
  return JSON.parse(readFileSync(path.join(catalogues, locale, 'host.json'), 'utf8')) as Texts
}

function renderPage(host: string, appUrl: string): string {
  const en = readTexts('en')
  const zh = readTexts('zh-CN')
  const values = { host: host.slice(0, 200), appUrl, example: `APP_URL=https://${host.slice(0, 200)}` }
  const section = (texts: Texts, lang: string) => `<section lang="${lang}">
<h1>${fill(texts.title, values)}</h1>
<p>${fill(texts.body, values)}</p>
<p>${fill(texts.operator, values)}</p>
</section>`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${fill(en.title, values)} · ${fill(zh.title, values)}</title>
<style>
:root { color-scheme: light dark; }
body { font: 1rem/1.6 system-ui, sans-serif; max-width: 40rem; margin: 12vh auto; padding: 0 1.5rem; }
section + section { margin-top: 2.5rem; border-top: 1px solid color-mix(in srgb, currentColor 20%, transparent); }
h1 { font-size: 1.35rem; line-height: 1.3; margin: 1.5rem 0 .75rem; }
p { margin: 0 0 .75rem; overflow-wrap: anywhere; }
</style>
</head>
<body>
<main>
${section(en, 'en')}
${section(zh, 'zh-CN')}
</main>
</body>
</html>
`
}

function fill(text: string, values: Record<string, string>): string {
  return escapeHtml(text).replace(/\{(\w+)\}/g, (_all, name: string) => escapeHtml(values[name] ?? ''))
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
}
