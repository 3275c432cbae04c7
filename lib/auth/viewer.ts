import type { Ctx } from '#lib/ctx.ts'
import { findSession, isShutOut, type Viewer } from './sessions.ts'
import { authCookies, decodeToken, encodeToken, type RequestOrigin, TOKEN_AGE_SECONDS } from './token.ts'

/** A request's cookies and the origin it was sent to. */
export type CookieSource = { readCookie: (name: string) => string | undefined; origin: RequestOrigin }

/** Who a request's cookie says is signed in, checked against the session's row; null for everybody else. */
export async function findViewer(ctx: Ctx, { readCookie, origin }: CookieSource): Promise<Viewer | null> {
  const sessionId = await decodeToken(readCookie(authCookies(origin).session.name))
  return sessionId ? await findSession(ctx, { sessionId }) : null
}

/** Whether a request's cookie is of somebody who was signed in and whose account has been disabled. */
export async function isViewerShutOut(ctx: Ctx, { readCookie, origin }: CookieSource): Promise<boolean> {
  const sessionId = await decodeToken(readCookie(authCookies(origin).session.name))
  return sessionId !== null && (await isShutOut(ctx, { sessionId }))
}

/** A cookie to set, in the shape that Next's cookie store takes. */
export type SessionCookie = {
  name: string
  value: string
  httpOnly: true
  sameSite: 'lax'
  path: '/'
  secure: boolean
  maxAge: number
}

/** The cookie that signs a browser in to a session. */
export async function makeSessionCookie(origin: RequestOrigin, sessionId: string): Promise<SessionCookie> {
  const { name, options } = authCookies(origin).session
  return { name, value: await encodeToken(sessionId), ...options, maxAge: TOKEN_AGE_SECONDS }
}
