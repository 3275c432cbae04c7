import { and, asc, eq, sql } from 'drizzle-orm'
import { models, priceVersions } from '#db/schema/index.ts'
import type { Ctx } from '#lib/ctx.ts'
import { encodeMicros } from '#lib/money.ts'
import { getSetting } from '#lib/settings/index.ts'
import { DEMO_MODEL_ID, isReachable } from './reach.ts'
import type { ModelPrices, ModelSummary } from './shared.ts'

/** An answer must have this much room for a model to be anybody's default. */
const SUITABLE_CONTEXT_TOKENS = 16_384
const SUITABLE_OUTPUT_TOKENS = 2_048

/** The models a person can pick now: visible, priced and reachable, in the operator's order. At most 200. */
export async function listModels(ctx: Ctx): Promise<ModelSummary[]> {
  return (await listOffered(ctx)).map(({ model, prices }) => ({
    ...model,
    inputMicros: encodeMicros(prices.inputMicros),
    outputMicros: encodeMicros(prices.outputMicros),
    demo: model.id === DEMO_MODEL_ID,
  }))
}

/** The same models with every price that people pay for them, for everybody. */
export async function listPrices(ctx: Ctx): Promise<ModelPrices[]> {
  return (await listOffered(ctx)).map(({ model, prices }) => ({
    id: model.id,
    displayName: model.displayName,
    vendor: model.vendor,
    contextTokens: model.contextTokens,
    ...prices,
    demo: model.id === DEMO_MODEL_ID,
  }))
}

function listOffered(ctx: Ctx) {
  return ctx.db
    .select({
      model: {
        id: models.id,
        displayName: models.displayName,
        vendor: models.vendor,
        contextTokens: models.contextTokens,
        maxOutputTokens: models.maxOutputTokens,
        reasoning: models.reasoning,
      },
      prices: {
        inputMicros: priceVersions.inputMicros,
        cacheReadMicros: priceVersions.cacheReadMicros,
        cacheWriteMicros: priceVersions.cacheWriteMicros,
        outputMicros: priceVersions.outputMicros,
        reasoningMicros: priceVersions.reasoningMicros,
        requestMicros: priceVersions.requestMicros,
      },
    })
    .from(models)
    .innerJoin(priceVersions, and(eq(priceVersions.modelId, models.id), priceInForce()))
    .where(and(models.visible, isReachable()))
    .orderBy(asc(models.position), asc(models.id))
    .limit(200)
}

/** The model a new conversation begins with; null while there is none to pick. */
export async function getDefaultModel(ctx: Ctx): Promise<ModelSummary | null> {
  return pickDefault(await listModels(ctx), await getSetting(ctx, 'default_model_id'))
}

/**
 * The operator's choice while it can be picked; otherwise the cheapest model (input and output price together) with
 * room for an ordinary conversation. Among equally cheap ones a model that answers without reasoning first comes first.
 */
export function pickDefault(listed: readonly ModelSummary[], chosenId: string | null): ModelSummary | null {
  const chosen = listed.find((model) => model.id === chosenId)
  if (chosen) return chosen
  const roomy = listed.filter(
    (model) => model.contextTokens >= SUITABLE_CONTEXT_TOKENS && model.maxOutputTokens >= SUITABLE_OUTPUT_TOKENS,
  )
  const byPrice = [...(roomy.length > 0 ? roomy : listed)].sort((a, b) => {
    const difference = totalMicros(a) - totalMicros(b)
    if (difference !== 0n) return difference < 0n ? -1 : 1
    return Number(a.reasoning) - Number(b.reasoning)
  })
  return byPrice[0] ?? null
}

/** True, as a condition on `price_versions`, for the version that is in force by the database's clock. */
export function priceInForce() {
  return sql`${priceVersions.validDuring} @> now()`
}

function totalMicros(model: ModelSummary): bigint {
  return BigInt(model.inputMicros) + BigInt(model.outputMicros)
}
