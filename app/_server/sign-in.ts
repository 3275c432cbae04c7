import { cookies, headers } from 'next/headers'
import { readOrigin } from '#app/_server/origin.ts'
import { makeSessionCookie } from '#lib/auth/index.ts'

/** Signs this browser in to a session that a verb has just begun. Only in actions and route handlers. */
export async function writeSessionCookie(sessionId: string): Promise<void> {
  const [store, head] = await Promise.all([cookies(), headers()])
  store.set(await makeSessionCookie(readOrigin(head), sessionId))
}
