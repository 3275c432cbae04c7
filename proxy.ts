import { type NextRequest, NextResponse } from 'next/server'
import { PATH_HEADER } from '#app/_server/page-path.ts'

/**
 * All that may be a document, whatever its address ends with. It must never see the bodies of `/api` and `/v1`, nor the
 * built files; those have the policy of next.config.mjs, which allows nothing.
 */
export const config = { matcher: '/((?!api/|v1/|_next/).*)' }

/** Gives each document a nonce of its own, for which Next marks its scripts, and tells the page its address. */
export function proxy(request: NextRequest): NextResponse {
  const nonce = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64')
  const policy = contentSecurityPolicy(nonce, process.env.NODE_ENV === 'development')
  const headers = new Headers(request.headers)
  headers.set('x-nonce', nonce)
  headers.set('content-security-policy', policy)
  headers.set(PATH_HEADER, `${request.nextUrl.pathname}${request.nextUrl.search}`)
  const response = NextResponse.next({ request: { headers } })
  response.headers.set('content-security-policy', policy)
  // Browsers keep to https from then on, so only a service that is reached by https may ask for it.
  if (process.env.APP_URL?.startsWith('https:')) response.headers.set('strict-transport-security', 'max-age=31536000')
  return response
}

// Inline styles are allowed: formulas and menus place themselves with them, and styles run no code.
function contentSecurityPolicy(nonce: string, development: boolean): string {
  return [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${development ? " 'unsafe-eval'" : ''}`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    `connect-src 'self'${development ? ' ws: wss:' : ''}`,
    "worker-src 'self' blob:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ')
}
