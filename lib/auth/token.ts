import { decode, encode } from 'next-auth/jwt'
import { getEnv } from '#lib/env.ts'
import { isId } from '#lib/id.ts'
import { SESSION_COOKIES } from './shared.ts'

/** Where a request was sent: scheme and host as the server checked them. */
export type RequestOrigin = { proto: 'http' | 'https'; host: string }

/**
 * Longest life of the cookie, in seconds: the most that browsers keep. The session's row decides long before.
 */
export const TOKEN_AGE_SECONDS = 400 * 24 * 60 * 60

/** Wraps a session's id for the cookie, encrypted under AUTH_SECRET. */
export function encodeToken(sessionId: string): Promise<string> {
  return encode({ token: { sid: sessionId }, secret: getEnv().AUTH_SECRET, maxAge: TOKEN_AGE_SECONDS })
}

/** The session's id in a cookie; null for anything we did not make, or made under another secret. */
export async function decodeToken(token: string | undefined): Promise<string | null> {
  if (!token) return null
  // Whatever is wrong with it, a stranger's cookie only means that nobody is signed in.
  const payload = await decode({ token, secret: getEnv().AUTH_SECRET }).catch(() => null)
  return isId(payload?.sid) ? payload.sid : null
}

type CookieFlags = { httpOnly: true; sameSite: 'lax'; path: '/'; secure: boolean }

/** Names and flags of the cookies for one origin. None has a domain, so each belongs to exactly one host. */
export function authCookies(
  origin: RequestOrigin,
): Record<'session' | 'csrf' | 'callback', { name: string; options: CookieFlags }> {
  const secure = isSecure(origin)
  const prefix = secure ? '__Host-' : ''
  const options: CookieFlags = { httpOnly: true, sameSite: 'lax', path: '/', secure }
  return {
    session: { name: SESSION_COOKIES[secure ? 0 : 1], options },
    csrf: { name: `${prefix}ub-csrf`, options },
    callback: { name: `${prefix}ub-return`, options },
  }
}

/**
 * On the host of APP_URL its scheme decides, so that a proxy which forgets to forward the scheme weakens nothing.
 * On any other host that the server let through, such as an address on the local network, the scheme of the request
 * does: a Secure cookie would never come back over http, and signing in would go round in circles.
 */
function isSecure(origin: RequestOrigin): boolean {
  const app = new URL(getEnv().APP_URL)
  const proto = origin.host.toLowerCase() === app.host ? app.protocol : `${origin.proto}:`
  return proto === 'https:'
}
