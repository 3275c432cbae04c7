import { asc, eq, inArray, sql } from 'drizzle-orm'
import { z } from 'zod'
import { channelKeys, channelModels, channels, usageDays } from '#db/schema/index.ts'
import { type Ctx, requireAdmin } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'
import { getSetting } from '#lib/settings/index.ts'
import { todayIn } from '#lib/time-zone.ts'
import type { KeySummary } from './shared.ts'

export type ChannelSummary = {
  id: string
  name: string
  vendor: string
  baseUrl: string
  priority: number
  weight: number
  status: 'active' | 'disabled'
  ownNetwork: boolean
  hasProxy: boolean
  /** Names only: a value may be a secret. */
  headerNames: string[]
  version: number
  createdAt: Date
  keys: KeySummary[]
  modelIds: string[]
  /** What the vendor calls a model, where that differs. */
  vendorModels: Record<string, string>
  /** Calls of the last seven days by the site's calendar, and how many of them failed or broke off. */
  calls: number
  failures: number
}

/** All channels as the operator may see them. At most 500. */
export async function listChannels(ctx: Ctx): Promise<ChannelSummary[]> {
  requireAdmin(ctx)
  return summarise(ctx, await ctx.db.select().from(channels).orderBy(asc(channels.name)).limit(500))
}

export const getChannelInput = z.object({ channelId: z.uuid() })

/** @throws {AppError} `not_found` */
export async function getChannel(ctx: Ctx, { channelId }: z.output<typeof getChannelInput>): Promise<ChannelSummary> {
  requireAdmin(ctx)
  const [found] = await summarise(ctx, await ctx.db.select().from(channels).where(eq(channels.id, channelId)))
  if (!found) throw new AppError('not_found', { message: 'no such channel' })
  return found
}

async function summarise(ctx: Ctx, rows: (typeof channels.$inferSelect)[]): Promise<ChannelSummary[]> {
  if (rows.length === 0) return []
  const ids = rows.map((row) => row.id)
  const timeZone = await getSetting(ctx, 'time_zone')
  const [keys, links, health] = await Promise.all([
    ctx.db
      .select({
        id: channelKeys.id,
        channelId: channelKeys.channelId,
        hint: channelKeys.hint,
        status: channelKeys.status,
        refusedAt: channelKeys.refusedAt,
        refusedStatus: channelKeys.refusedStatus,
        testedAt: channelKeys.testedAt,
        testOutcome: channelKeys.testOutcome,
        testFirstTokenMs: channelKeys.testFirstTokenMs,
        createdAt: channelKeys.createdAt,
      })
      .from(channelKeys)
      .where(inArray(channelKeys.channelId, ids))
      .orderBy(asc(channelKeys.id))
      .limit(5_000),
    ctx.db
      .select()
      .from(channelModels)
      .where(inArray(channelModels.channelId, ids))
      .orderBy(asc(channelModels.modelId))
      .limit(20_000),
    ctx.db
      .select({
        channelId: usageDays.channelId,
        calls: sql<number>`sum(${usageDays.calls})::int`,
        failures: sql<number>`sum(${usageDays.failed} + ${usageDays.interrupted})::int`,
      })
      .from(usageDays)
      .where(sql`${usageDays.day} > ${todayIn(timeZone)} - 7 AND ${inArray(usageDays.channelId, ids)}`)
      .groupBy(usageDays.channelId)
      .limit(500),
  ])
  const keysOf = Map.groupBy(keys, (key) => key.channelId)
  const linksOf = Map.groupBy(links, (link) => link.channelId)
  return rows.map(({ proxySealed, headers, ...row }) => {
    const carried = linksOf.get(row.id) ?? []
    const { calls = 0, failures = 0 } = health.find(({ channelId }) => channelId === row.id) ?? {}
    return {
      ...row,
      hasProxy: proxySealed !== null,
      headerNames: Object.keys(headers),
      keys: (keysOf.get(row.id) ?? []).map(({ channelId: _, ...key }) => key),
      modelIds: carried.map(({ modelId }) => modelId),
      vendorModels: Object.fromEntries(
        carried.flatMap(({ modelId, vendorModel }) => (vendorModel === modelId ? [] : [[modelId, vendorModel]])),
      ),
      calls,
      failures,
    }
  })
}
