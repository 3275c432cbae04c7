import { eq, sql } from 'drizzle-orm'
import { z } from 'zod'
import { settings } from '#db/schema/index.ts'
import { recordAudit } from '#lib/audit.ts'
import { type Ctx, inTransaction, requireAdmin } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'
import { log } from '#lib/log.ts'
import { resolveTimeZone } from '#lib/time-zone.ts'
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

/** A setting with what a form needs to know of it. */
export type SettingState<K extends SettingKey = SettingKey> = {
  value: Settings[K]
  /** What it is while nobody has changed it. */
  default: Settings[K]
  /** Counts changes: zero while nobody has made one. */
  version: number
}

export type SettingStates = { [K in SettingKey]: SettingState<K> }

/** All settings with their defaults and versions. Admins and the service only. */
export async function listSettings(ctx: Ctx): Promise<SettingStates> {
  requireAdmin(ctx)
  const rows = await ctx.db
    .select({ key: settings.key, json: valueAsJson, version: settings.version })
    .from(settings)
    .limit(1_000)
  const stored = new Map(rows.map((row) => [row.key, row]))
  const states = Object.keys(SETTINGS)
    .filter(isSettingKey)
    .map((key) => {
      const row = stored.get(key)
      return [
        key,
        { value: readSetting(key, row?.json), default: readSetting(key, undefined), version: row?.version ?? 0 },
      ]
    })
  return Object.fromEntries(states) as SettingStates
}

export const changeSettingsInput = z.object({
  changes: z.record(z.string(), z.unknown()),
  versions: z.record(z.string(), z.number().int().nonnegative()).default({}),
})

export type ChangeSettingsInput = {
  changes: { [K in Exclude<SettingKey, 'site_currency'>]?: Settings[K] }
  /** The versions that a form was filled in on; a setting without one is changed whatever it is now. */
  versions?: { [K in SettingKey]?: number }
}

/**
 * Changes settings together: all of them or none. The same value again changes nothing, but a setting that nobody had
 * ever set counts as decided then. Admins and the service only.
 * @throws {AppError} `forbidden` for anybody else; `invalid_input` {field} for a setting that does not exist, or named for
 * the one whose value cannot be, also for the currency, which has a rule of its own; `changed_meanwhile` when one is not
 * what the form was filled in on
 */
export async function changeSettings(ctx: Ctx, input: ChangeSettingsInput): Promise<void> {
  requireAdmin(ctx)
  const wanted = changeSettingsInput.parse(input)
  if (Object.hasOwn(wanted.changes, 'site_currency')) throw invalid('site_currency')
  await writeSettings(ctx, wanted)
}

async function writeSettings(ctx: Ctx, { changes, versions }: z.output<typeof changeSettingsInput>): Promise<void> {
  // In one order, so that two forms with the same settings do not wait for each other.
  const wanted = Object.entries(changes)
    .map(([key, value]) => parseSetting(key, value))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1))
  const unknown = Object.keys(versions).find((key) => !isSettingKey(key))
  if (unknown !== undefined) throw invalid(unknown)
  await inTransaction(ctx, async (tx) => {
    for (const { key, value } of wanted) {
      if (key === 'time_zone') await requireKnownZone(tx, value as string)
      await writeSetting(tx, { key, value, version: versions[key] })
    }
  })
}

/**
 * Changes one setting, also the currency: `setSiteCurrency` knows when that may be. As `changeSettings`.
 * @param input.version the one that was seen; without it the setting is changed whatever it is now
 */
export async function setSetting<K extends SettingKey>(
  ctx: Ctx,
  { key, value, version }: { key: K; value: Settings[K]; version?: number },
): Promise<void> {
  requireAdmin(ctx)
  await writeSettings(ctx, { changes: { [key]: value }, versions: version === undefined ? {} : { [key]: version } })
}

type Write = { key: SettingKey; value: unknown; version: number | undefined }

async function writeSetting(tx: Ctx, { key, value, version }: Write): Promise<void> {
  // Also locks the row that is not there yet, so that the audit's "before" is what was really replaced.
  await tx.db.execute(sql`SELECT pg_advisory_xact_lock(hashtextextended(${`setting:${key}`}, 0))`)
  const [row] = await tx.db
    .select({ json: valueAsJson, version: settings.version })
    .from(settings)
    .where(eq(settings.key, key))
  if (version !== undefined && version !== (row?.version ?? 0)) {
    throw new AppError('changed_meanwhile', { message: `setting ${key}`, params: { field: key } })
  }
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
    before: { value: readSetting(key, row?.json) },
    after: { value },
  })
}

function parseSetting(key: string, value: unknown): { key: SettingKey; value: unknown } {
  if (!isSettingKey(key)) throw invalid(key)
  const parsed = SETTINGS[key].safeParse(value)
  if (!parsed.success || value === undefined) throw invalid(key)
  return { key, value: parsed.data }
}

/** PostgreSQL cuts the days, so it has to know the zone too. */
async function requireKnownZone(ctx: Ctx, name: string): Promise<void> {
  if (name !== 'UTC' && (await resolveTimeZone(ctx, name)) !== name) throw invalid('time_zone')
}

function invalid(field: string): AppError {
  return new AppError('invalid_input', { message: `setting ${field}`, params: { field } })
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
