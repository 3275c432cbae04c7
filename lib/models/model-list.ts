import { and, asc, eq, sql } from 'drizzle-orm'
import { z } from 'zod'
import { channelModels, channels, models, priceVersions } from '#db/schema/index.ts'
import { type Ctx, requireAdmin } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'
import { getSetting } from '#lib/settings/index.ts'
import { priceInForce } from './catalogue.ts'
import type { UnitPrices } from './price-math.ts'
import { isReachable } from './reach.ts'

/** A model as its operator sees it, with the price in force; amounts are micro-credits per one million tokens. */
export type OperatedModel = {
  id: string
  displayName: string
  vendor: string
  contextTokens: number
  maxOutputTokens: number
  defaultMaxOutput: number
  minOutput: number
  reasoning: boolean
  outputCapField: 'max_tokens' | 'max_completion_tokens'
  visible: boolean
  position: number
  version: number
  /** Null while nobody can use it, because no price is in force. */
  price: UnitPrices | null
  /** True while some channel can answer for it. */
  reachable: boolean
  /** The model that a new conversation begins with, as the operator chose it. */
  isDefault: boolean
  /** The channels that carry it, used or not. */
  channels: { id: string; name: string; status: 'active' | 'disabled'; vendorModel: string }[]
}

/** All models in the operator's order, hidden and unpriced ones too. At most 500. */
export function listOperatedModels(ctx: Ctx): Promise<OperatedModel[]> {
  requireAdmin(ctx)
  return read(ctx, sql`true`)
}

export const getModelInput = z.object({ modelId: z.string().min(1).max(200) })

/** @throws {AppError} `not_found` */
export async function getOperatedModel(ctx: Ctx, { modelId }: z.output<typeof getModelInput>): Promise<OperatedModel> {
  requireAdmin(ctx)
  const [found] = await read(ctx, eq(models.id, modelId))
  if (!found) throw new AppError('not_found', { message: `no model ${modelId}` })
  return found
}

async function read(ctx: Ctx, where: ReturnType<typeof sql>): Promise<OperatedModel[]> {
  const [rows, links, defaultId] = await Promise.all([
    ctx.db
      .select({ model: models, price: priceVersions, reachable: isReachable() })
      .from(models)
      .leftJoin(priceVersions, and(eq(priceVersions.modelId, models.id), priceInForce()))
      .where(where)
      .orderBy(asc(models.position), asc(models.id))
      .limit(500),
    ctx.db
      .select({
        modelId: channelModels.modelId,
        vendorModel: channelModels.vendorModel,
        id: channels.id,
        name: channels.name,
        status: channels.status,
      })
      .from(channelModels)
      .innerJoin(models, eq(models.id, channelModels.modelId))
      .innerJoin(channels, eq(channels.id, channelModels.channelId))
      .where(where)
      .orderBy(asc(channels.name))
      .limit(5_000),
    getSetting(ctx, 'default_model_id'),
  ])
  const linksOf = Map.groupBy(links, (link) => link.modelId)
  return rows.map(({ model: { createdAt: _, ...model }, price, reachable }) => ({
    ...model,
    price: price && pricesOf(price),
    reachable,
    isDefault: model.id === defaultId,
    channels: (linksOf.get(model.id) ?? []).map(({ modelId: _, ...channel }) => channel),
  }))
}

function pricesOf(row: typeof priceVersions.$inferSelect): UnitPrices {
  return {
    inputMicros: row.inputMicros,
    cacheReadMicros: row.cacheReadMicros,
    cacheWriteMicros: row.cacheWriteMicros,
    outputMicros: row.outputMicros,
    reasoningMicros: row.reasoningMicros,
    requestMicros: row.requestMicros,
    costInputMicros: row.costInputMicros,
    costCacheReadMicros: row.costCacheReadMicros,
    costCacheWriteMicros: row.costCacheWriteMicros,
    costOutputMicros: row.costOutputMicros,
    costReasoningMicros: row.costReasoningMicros,
  }
}
