import { type SQL, sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Ctx } from '#lib/ctx.ts'
import { singleton } from '#lib/singleton.ts'

// A name with a place or of an abbreviation's kind. An offset such as +08:00 is none: PostgreSQL reads its sign the
// other way round.
const NAME = /^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+)*$/

/** Whether a text names a time zone of the IANA database, as this runtime knows it. */
export function isTimeZone(name: string): boolean {
  if (name.length > 64 || !NAME.test(name)) return false
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

/** The name of a time zone; PostgreSQL may still not know it. */
export const timeZoneInput = z.string().refine(isTimeZone, 'is no time zone')

/** The day's date in a time zone, as `YYYY-MM-DD`. */
export function dateIn(timeZone: string, at: Date): string {
  const parts = new Intl.DateTimeFormat('en', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' })
    .formatToParts(at)
    .map(({ type, value }) => [type, value])
  const { year, month, day } = Object.fromEntries(parts) as Record<'year' | 'month' | 'day', string>
  return `${year}-${month}-${day}`
}

/** The day that it is in a time zone by the database's clock, as an expression. */
export function todayIn(timeZone: string): SQL {
  return sql`(now() AT TIME ZONE ${timeZone}::text)::date`
}

/**
 * The time zone to reckon days in: what a browser named, when both this runtime and the database know it, else UTC.
 * Asks the database once for each name.
 */
export async function resolveTimeZone(ctx: Ctx, name: string | undefined): Promise<string> {
  if (name === undefined || !isTimeZone(name)) return 'UTC'
  const known = singleton('time-zones', () => new Map<string, boolean>())
  // Both take a name in any case; in one case there are only as many as there are zones.
  const key = name.toLowerCase()
  if (!known.has(key)) {
    const { rows } = await ctx.db.execute(sql`SELECT 1 FROM pg_timezone_names WHERE lower(name) = ${key} LIMIT 1`)
    known.set(key, rows.length > 0)
  }
  return known.get(key) ? name : 'UTC'
}
