import { and, desc, eq, ne, sql } from 'drizzle-orm'
import { channelKeys, channelModels, channels, models, priceVersions } from '#db/schema/index.ts'
import { decryptSecret } from '#lib/crypto.ts'
import { type Ctx, requireAdmin } from '#lib/ctx.ts'
import type { Reach } from '#lib/egress.ts'
import { getEnv } from '#lib/env.ts'
import { AppError } from '#lib/errors.ts'
import { log } from '#lib/log.ts'
import { priceInForce } from './catalogue.ts'
import { KEY_PURPOSE, PROXY_PURPOSE, reachOf } from './channel-fields.ts'
import { openProxy } from './channels.ts'
import { DEMO_MODEL_ID } from './reach.ts'

/** One attempt's way to a model: where, with which key, by which way out. Holds secrets; never leaves the server. */
export type Route = {
  /** Null for the demo vendor, which is no channel. */
  channelId: string | null
  vendor: string
  baseUrl: string
  headers: Record<string, string>
  proxyUrl: string | null
  /** How far it may lead: only onto the internet unless the operator said otherwise. */
  reach: Reach
  vendorModel: string
  keyId: string | null
  /** `refused`: the vendor did not take it last time. */
  keyStatus: 'active' | 'refused'
  key: string
}

/**
 * The ways to a model in the order to try them: channels by priority, within one priority at random by weight,
 * and the keys of a channel in random order. Keys that a vendor refused come after all others: a vendor may refuse a
 * good key for a while, and who has no other key would be cut off for good. Empty when nobody can answer.
 * @param random source of numbers in [0, 1)
 */
export async function listRoutes(ctx: Ctx, modelId: string, random: () => number = Math.random): Promise<Route[]> {
  const { ENCRYPTION_KEY, UB_DEMO_URL } = getEnv()
  if (modelId === DEMO_MODEL_ID) return UB_DEMO_URL ? [demoRoute(UB_DEMO_URL)] : []
  const rows = await ctx.db
    .select({
      channelId: channels.id,
      vendor: channels.vendor,
      baseUrl: channels.baseUrl,
      headers: channels.headers,
      proxySealed: channels.proxySealed,
      ownNetwork: channels.ownNetwork,
      priority: channels.priority,
      weight: channels.weight,
      vendorModel: channelModels.vendorModel,
      keyId: channelKeys.id,
      keyStatus: channelKeys.status,
      keySealed: channelKeys.keySealed,
    })
    .from(channelModels)
    .innerJoin(channels, and(eq(channels.id, channelModels.channelId), eq(channels.status, 'active')))
    .innerJoin(channelKeys, and(eq(channelKeys.channelId, channels.id), ne(channelKeys.status, 'disabled')))
    .where(eq(channelModels.modelId, modelId))
    .orderBy(channelKeys.status, desc(channels.priority), channels.id)
    .limit(100)
  return orderRoutes(rows, random).flatMap(
    ({ proxySealed, keySealed, keyStatus, ownNetwork, priority, weight, ...route }) => {
      try {
        return [
          {
            ...route,
            reach: reachOf({ ownNetwork }),
            keyStatus: keyStatus === 'refused' ? ('refused' as const) : ('active' as const),
            proxyUrl: proxySealed ? decryptSecret(proxySealed, ENCRYPTION_KEY, PROXY_PURPOSE) : null,
            key: decryptSecret(keySealed, ENCRYPTION_KEY, KEY_PURPOSE),
          },
        ]
      } catch (error) {
        // One secret that does not open (another ENCRYPTION_KEY, a damaged row) must not take the other keys along.
        log.error({ err: error, channelId: route.channelId, keyId: route.keyId }, 'a stored secret does not open')
        return []
      }
    },
  )
}

/**
 * Refused keys last; then higher priority first; within one priority a channel comes first with the probability of its
 * share of the weights.
 */
export function orderRoutes<R extends { channelId: string; keyStatus: string; priority: number; weight: number }>(
  rows: readonly R[],
  random: () => number,
): R[] {
  // Efraimidis and Spirakis: sorting by -ln(u) / weight draws without replacement by weight.
  const drawn = new Map<string, number>()
  for (const row of rows) {
    if (!drawn.has(row.channelId)) drawn.set(row.channelId, -Math.log(1 - random()) / row.weight)
  }
  return rows
    .map((row) => ({ row, draw: drawn.get(row.channelId)!, keyDraw: random() }))
    .sort(
      (a, b) =>
        isRefused(a.row) - isRefused(b.row) ||
        b.row.priority - a.row.priority ||
        a.draw - b.draw ||
        a.keyDraw - b.keyDraw,
    )
    .map(({ row }) => row)
}

function isRefused({ keyStatus }: { keyStatus: string }): number {
  return keyStatus === 'refused' ? 1 : 0
}

function demoRoute(url: string): Route {
  return {
    channelId: null,
    vendor: 'demo',
    baseUrl: url,
    headers: {},
    proxyUrl: null,
    reach: 'own-network',
    vendorModel: DEMO_MODEL_ID,
    keyId: null,
    keyStatus: 'active',
    key: 'demo',
  }
}

/** A saved channel, opened for calls that look at it or try it. Holds secrets; never leaves the server. */
export type OpenChannel = Pick<Route, 'vendor' | 'baseUrl' | 'headers' | 'proxyUrl' | 'reach'> & { channelId: string }

/** @throws {AppError} `not_found` */
export async function openChannel(ctx: Ctx, { channelId }: { channelId: string }): Promise<OpenChannel> {
  requireAdmin(ctx)
  const [row] = await ctx.db.select().from(channels).where(eq(channels.id, channelId))
  if (!row) throw new AppError('not_found', { message: 'no such channel' })
  const { vendor, baseUrl, headers, ownNetwork, proxySealed } = row
  return { channelId, vendor, baseUrl, headers, reach: reachOf({ ownNetwork }), proxyUrl: openProxy(proxySealed) }
}

/** A model to try a channel with, and what the vendor calls it there. */
export type TestModel = {
  modelId: string
  vendorModel: string
  reasoning: boolean
  outputCapField: 'max_tokens' | 'max_completion_tokens'
  contextTokens: number
  price: typeof priceVersions.$inferSelect | null
}

/**
 * The model of a channel to try it with: the one asked for, or the one that costs us least.
 * @throws {AppError} `model_unknown` when the channel does not carry it, or carries none
 */
export async function findTestModel(
  ctx: Ctx,
  { channelId, modelId }: { channelId: string; modelId?: string },
): Promise<TestModel> {
  requireAdmin(ctx)
  const [found] = await ctx.db
    .select({
      modelId: models.id,
      vendorModel: channelModels.vendorModel,
      reasoning: models.reasoning,
      outputCapField: models.outputCapField,
      contextTokens: models.contextTokens,
      price: priceVersions,
    })
    .from(channelModels)
    .innerJoin(models, eq(models.id, channelModels.modelId))
    .leftJoin(priceVersions, and(eq(priceVersions.modelId, models.id), priceInForce()))
    .where(and(eq(channelModels.channelId, channelId), modelId ? eq(models.id, modelId) : undefined))
    .orderBy(sql`${priceVersions.costOutputMicros} + ${priceVersions.costInputMicros} NULLS LAST`, models.id)
    .limit(1)
  if (!found) throw new AppError('model_unknown', { params: { modelId: modelId ?? '' } })
  return found
}
