import { cookies } from 'next/headers'
import { cache } from 'react'
import { TIME_ZONE_COOKIE } from '#app/_ui/time-zone.ts'
import { readCookies } from '#lib/auth/index.ts'
import { type Ctx, getDatabase } from '#lib/ctx.ts'
import { resolveTimeZone } from '#lib/time-zone.ts'

/** The time zone that the reader's browser named last, when it is one; UTC before that. */
export const getTimeZone = cache(async (): Promise<string> => {
  const store = await cookies()
  return resolve(store.get(TIME_ZONE_COOKIE)?.value)
})

/** The same for a route handler, from nothing but its request. */
export function readTimeZone({ headers }: Request): Promise<string> {
  return resolve(readCookies(headers.get('cookie') ?? '')[TIME_ZONE_COOKIE])
}

function resolve(name: string | undefined): Promise<string> {
  const ctx: Ctx = { db: getDatabase(), actor: { type: 'anonymous' } }
  return resolveTimeZone(ctx, name)
}
