/** Where a request was sent, as our server wrote it after checking: scheme and host of the address bar. */
export type RequestOrigin = { proto: 'http' | 'https'; host: string }

/** Reads the origin that `scripts/serve` checked and wrote into the headers. */
export function readOrigin(headers: Headers): RequestOrigin {
  return {
    proto: headers.get('x-forwarded-proto') === 'https' ? 'https' : 'http',
    host: headers.get('x-forwarded-host') ?? headers.get('host') ?? '',
  }
}

/**
 * Whether a write comes from one of our own pages. Browsers send Origin with every write; hosts are compared
 * and not schemes, so that a proxy that forgets to forward the scheme does not lock everybody out.
 */
export function isSameOrigin(headers: Headers): boolean {
  const origin = headers.get('origin')
  if (!origin || !URL.canParse(origin)) return false
  const sender = new URL(origin)
  // A default port is left out of a host, and which one is the default depends on the scheme.
  const own = `${sender.protocol}//${readOrigin(headers).host}`
  return /^https?:$/.test(sender.protocol) && URL.canParse(own) && new URL(own).host === sender.host
}

/**
 * The path to return to after signing in, if it lies within this site; else the start page.
 * @param target what came in the address: not to be trusted
 */
export function safeNextPath(target: unknown): string {
  if (typeof target !== 'string' || target.length > 2_000) return '/'
  // Browsers read "//x", "/\x" and paths with control characters as other hosts.
  if (!/^\/(?![/\\])[^\\\p{Cc}]*$/u.test(target)) return '/'
  const base = 'http://own.invalid'
  if (!URL.canParse(target, base)) return '/'
  const url = new URL(target, base)
  if (url.origin !== base || url.pathname.startsWith('//')) return '/'
  const path = `${url.pathname}${url.search}${url.hash}`
  return /^\/(sign-in|register|link|api|v1)(\/|\?|#|$)/.test(path) ? '/' : path
}
