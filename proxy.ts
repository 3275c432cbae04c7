import { type NextRequest, NextResponse } from 'next/server'
import { PATH_HEADER, PUBLIC_PATHS, SHARED_HEADER, WELCOME_PATH } from '#app/_server/page-path.ts'
import { SESSION_COOKIES } from '#lib/auth/shared.ts'

/**
 * All that may be a document, whatever its address ends with. It must never see the bodies of `/api` and `/v1`, nor the
 * built files; those have the policy of next.config.mjs, which allows nothing.
 */
export const config = { matcher: '/((?!api/|v1/|_next/).*)' }

// What strangers see is the same for all who read one language, so a cache in front of us may hand it out: for so long
// that a price is never far from what is charged, and longer only where we cannot be reached. Our server has the last word
// on it, once it knows how the page turned out.
const SHARED_FOR_SECONDS = 'public, max-age=0, must-revalidate, s-maxage=10, stale-if-error=86400'

/**
 * Gives each document a nonce of its own, for which Next marks its scripts, and tells the page its address. Who has no
 * session sees the front page where others have the chat.
 */
export function proxy(request: NextRequest): NextResponse {
  const nonce = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64')
  const policy = contentSecurityPolicy(nonce, process.env.NODE_ENV === 'development')
  const headers = new Headers(request.headers)
  headers.set('x-nonce', nonce)
  headers.set('content-security-policy', policy)
  const { pathname, search } = request.nextUrl
  headers.set(PATH_HEADER, `${pathname}${search}`)
  const isPublic = PUBLIC_PATHS.has(pathname)
  const isShared = isPublic && !SESSION_COOKIES.some((name) => request.cookies.get(name)?.value)
  if (isShared) headers.set(SHARED_HEADER, '1')
  else headers.delete(SHARED_HEADER)
  const response =
    isShared && pathname === '/'
      ? NextResponse.rewrite(welcomeOf(request), { request: { headers } })
      : NextResponse.next({ request: { headers } })
  if (isShared && isPlainRead(request)) response.headers.set('cache-control', SHARED_FOR_SECONDS)
  if (!isPublic) response.headers.set('x-robots-tag', 'noindex, nofollow')
  response.headers.set('content-security-policy', policy)
  // Browsers keep to https from then on, so only a service that is reached by https may ask for it.
  if (process.env.APP_URL?.startsWith('https:')) response.headers.set('strict-transport-security', 'max-age=31536000')
  return response
}

function welcomeOf(request: NextRequest): URL {
  const address = request.nextUrl.clone()
  address.pathname = WELCOME_PATH
  return address
}

// The same address also answers what Next asks for in place of a document, and forms.
function isPlainRead({ method, headers }: NextRequest): boolean {
  return (method === 'GET' || method === 'HEAD') && !headers.has('rsc')
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
