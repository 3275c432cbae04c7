import { eq, sql } from 'drizzle-orm'
import { z } from 'zod'
import { settings } from '#db/schema/index.ts'
import { recordAudit } from '#lib/audit.ts'
import { type Ctx, inTransaction, requireAdmin } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'
import { log } from '#lib/log.ts'
import { isSettingKey, SETTINGS, type SettingKey, type Settings } from './definitions.ts'

// Drizzle parses a string out of jsonb a second time, which makes the text "250000" a number; so it comes as JSON text.
const valueAsJson = sql<string>`${settings.value}::text`

/** The value of one setting, or its default. */
export async function getSetting<K extends SettingKey>(ctx: Ctx, key: K): Promise<Settings[K]> {
  const [row] = await ctx.db.select({ json: valueAsJson }).from(settings).where(eq(settings.key, key))
  return readSetting(key, row?.json)
}

/** All settings; what nobody changed has its default. */
export async function getSettings(ctx: Ctx): Promise<Settings> {
  const rows = await ctx.db.select({ key: settings.key, json: valueAsJson }).from(settings).limit(1_000)
  const stored = new Map(rows.map((row) => [row.key, row.json]))
  const keys = Object.keys(SETTINGS).filter(isSettingKey)
  return Object.fromEntries(keys.map((key) => [key, readSetting(key, stored.get(key))])) as Settings
}

const setSettingInput = z.object({ key: z.string().refine(isSettingKey), value: z.unknown() })

/**
 * Changes a setting; the same value again changes nothing. Admins and the service only.
 * @throws {AppError} `forbidden` for anybody else, `invalid_input` for a key or value that does not exist
 */
export async function setSetting<K extends SettingKey>(ctx: Ctx, input: { key: K; value: Settings[K] }): Promise<void> {
  requireAdmin(ctx)
  const { key, value } = parseSetting(input)
  await inTransaction(ctx, async (tx) => {
    // Also locks the row that is not there yet, so that the audit's "before" is what was really replaced.
    await tx.db.execute(sql`SELECT pg_advisory_xact_lock(hashtextextended(${`setting:${key}`}, 0))`)
    const before = await getSetting(tx, key)
    const [row] = await tx.db.select({ json: valueAsJson }).from(settings).where(eq(settings.key, key))
    if (row && JSON.stringify(JSON.parse(row.json)) === JSON.stringify(value)) return
    const updatedBy = tx.actor.type === 'user' ? tx.actor.userId : null
    const stored = sql`${JSON.stringify(value)}::jsonb`
    await tx.db
      .insert(settings)
      .values({ key, value: stored, updatedBy })
      .onConflictDoUpdate({
        target: settings.key,
        set: { value: stored, updatedBy, updatedAt: sql`now()`, version: sql`${settings.version} + 1` },
      })
    await recordAudit(tx, {
      action: 'setting.set',
      subjectType: 'setting',
      subjectId: key,
      before: { value: before },
      after: { value },
    })
  })
}

function parseSetting(input: unknown): { key: SettingKey; value: unknown } {
  const parsed = setSettingInput.safeParse(input)
  if (!parsed.success) throw new AppError('invalid_input', { params: { field: 'key' } })
  const key = parsed.data.key as SettingKey
  const value = SETTINGS[key].safeParse(parsed.data.value)
  if (!value.success || parsed.data.value === undefined)
    throw new AppError('invalid_input', { params: { field: 'value' } })
  return { key, value: value.data }
}

/**
 * What a stored value means, for statements that read a setting beside other rows; absent is the default.
 * @param json the column as JSON text
 */
export function readSetting<K extends SettingKey>(key: K, json: string | undefined): Settings[K] {
  const parsed = SETTINGS[key].safeParse(json === undefined ? undefined : JSON.parse(json))
  if (parsed.success) return parsed.data as Settings[K]
  // A row that another release wrote in another shape must not stop the service.
  log.warn({ setting: key }, 'stored setting is not valid, its default is used')
  return SETTINGS[key].parse(undefined) as Settings[K]
}
