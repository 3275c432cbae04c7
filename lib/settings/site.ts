import { sql } from 'drizzle-orm'
import { settings, siteFiles } from '#db/schema/index.ts'
import type { Ctx } from '#lib/ctx.ts'
import { readSetting } from './settings.ts'

/** What every page shows of the service. */
export type Site = {
  name: string
  accent: string
  contact: string | null
  /** Interface languages that people may choose. */
  languages: readonly string[]
  /** What names the logo as it is now: another picture has another version. Null while there is none. */
  logoVersion: string | null
  notice: { text: string; tone: 'info' | 'warning'; dismissable: boolean } | null
}

const KEYS = [
  'site_name',
  'accent',
  'contact',
  'languages',
  'notice_text',
  'notice_tone',
  'notice_dismissable',
] as const

type Stored = Partial<Record<(typeof KEYS)[number] | 'logo', string>>

/** What holds while the operator has said nothing, or while the database cannot be asked. */
export const DEFAULT_SITE: Site = siteOf({})

/** How the service looks and what it is called, for everybody; one statement. */
export async function getSite(ctx: Ctx): Promise<Site> {
  const { rows } = await ctx.db.execute<{ key: keyof Stored; value: string }>(sql`
    SELECT key, value::text AS value FROM ${settings} WHERE key = ANY(${sql.param([...KEYS])}::text[])
    UNION ALL
    SELECT name, to_hex((extract(epoch FROM updated_at) * 1000000)::bigint) FROM ${siteFiles} WHERE name = 'logo'`)
  return siteOf(Object.fromEntries(rows.map(({ key, value }) => [key, value])))
}

function siteOf(stored: Stored): Site {
  const read = <K extends (typeof KEYS)[number]>(key: K) => readSetting(key, stored[key])
  const text = read('notice_text')
  return {
    name: read('site_name'),
    accent: read('accent'),
    contact: read('contact'),
    languages: read('languages'),
    logoVersion: stored.logo ?? null,
    notice:
      text === null ? null : { text, tone: read('notice_tone'), dismissable: read('notice_dismissable') === 'on' },
  }
}
