import { and, asc, eq, sql } from 'drizzle-orm'
import { models, priceVersions } from '#db/schema/index.ts'
import type { Ctx } from '#lib/ctx.ts'
import { encodeMicros } from '#lib/money.ts'
import { getSetting } from '#lib/settings/index.ts'
import { DEMO_MODEL_ID, isReachable } from './reach.ts'
import type { ModelSummary } from './shared.ts'

/** An answer must have this much room for a model to be anybody's default. */
const SUITABLE_CONTEXT_TOKENS = 16_384
const SUITABLE_OUTPUT_TOKENS = 2_048

/** The models a person can pick now: visible, priced and reachable, in the operator's order. At most 200. */
export async function listModels(ctx: Ctx): Promise<ModelSummary[]> {
  const rows = await ctx.db
    .select({
      id: models.id,
      displayName: models.displayName,
      vendor: models.vendor,
      contextTokens: models.contextTokens,
      maxOutputTokens: models.maxOutputTokens,
      inputMicros: priceVersions.inputMicros,
      outputMicros: priceVersions.outputMicros,
      reasoning: models.reasoning,
    })
    .from(models)
    .innerJoin(priceVersions, and(eq(priceVersions.modelId, models.id), priceInForce()))
    .where(and(models.visible, isReachable()))
    .orderBy(asc(models.position), asc(models.id))
    .limit(200)
  return rows.map((row) => ({
    ...row,
    inputMicros: encodeMicros(row.inputMicros),
    outputMicros: encodeMicros(row.outputMicros),
    demo: row.id === DEMO_MODEL_ID,
  }))
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
