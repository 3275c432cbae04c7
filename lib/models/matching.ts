import { inArray, sql } from 'drizzle-orm'
import { CATALOGUE } from '#db/catalogue.ts'
import { models, priceVersions } from '#db/schema/index.ts'
import { type Ctx, requireAdmin } from '#lib/ctx.ts'
import { getSettings } from '#lib/settings/index.ts'
import { priceInForce } from './catalogue.ts'
import { convertPrices } from './catalogue-prices.ts'
import type { FoundModel } from './shared.ts'

/** Models that one vendor may list; relays have many hundreds. */
export const FOUND_MAX = 1_000

const MODEL_ID = /^[A-Za-z0-9][A-Za-z0-9._:/-]{0,199}$/
// What is no model to talk to, by the words in its name.
const OTHER_KIND =
  /embed|whisper|tts|dall-?e|image|moderation|audio|realtime|rerank|speech|transcri|babbage|davinci|ocr|video|sora|veo|imagen|wanx|cosyvoice|paraformer|asr|guard/i

/**
 * Holds what a vendor lists against our models and the catalogue: what is priced already, what the catalogue prices with
 * the site's markup, and what needs a price by hand. Models to talk to come first, priced ones before the others.
 */
export async function matchModels(
  ctx: Ctx,
  { vendorModels }: { vendorModels: readonly string[] },
): Promise<FoundModel[]> {
  requireAdmin(ctx)
  const wanted = [...new Set(vendorModels)].slice(0, FOUND_MAX).map((vendorModel) => ({
    vendorModel,
    modelId: idOf(vendorModel),
  }))
  if (wanted.length === 0) return []
  const [known, { site_currency, markup_percent }] = await Promise.all([
    ctx.db
      .select({ id: models.id, displayName: models.displayName, reasoning: models.reasoning, price: priceVersions })
      .from(models)
      .leftJoin(priceVersions, sql`${priceVersions.modelId} = ${models.id} AND ${priceInForce()}`)
      .where(
        inArray(
          models.id,
          wanted.flatMap(({ vendorModel, modelId }) => [vendorModel, modelId]),
        ),
      )
      .limit(2 * FOUND_MAX),
    getSettings(ctx),
  ])
  const found = wanted.map(({ vendorModel, modelId }): FoundModel => {
    const ours = known.find(({ id }) => id === vendorModel) ?? known.find(({ id }) => id === modelId)
    const listed = CATALOGUE.find(({ id }) => id === (ours?.id ?? modelId))
    const converted = listed && convertPrices(listed, site_currency, markup_percent)
    const price = ours?.price ?? converted ?? null
    return {
      vendorModel,
      modelId: ours?.id ?? modelId,
      displayName: ours?.displayName ?? listed?.displayName ?? modelId,
      from: ours?.price ? 'known' : converted ? 'catalogue' : 'hand',
      isChat: !OTHER_KIND.test(vendorModel),
      reasoning: ours?.reasoning ?? listed?.reasoning ?? false,
      price: price && {
        inputMicros: price.inputMicros,
        outputMicros: price.outputMicros,
        costInputMicros: price.costInputMicros,
        costOutputMicros: price.costOutputMicros,
      },
    }
  })
  const rank = (model: FoundModel) => (model.isChat ? 0 : 2) + (model.from === 'hand' ? 1 : 0)
  return found.sort((a, b) => rank(a) - rank(b) || a.modelId.localeCompare(b.modelId, 'en'))
}

/** The models that the catalogue has of a vendor: what can be offered where the vendor lists none. */
export function catalogueOf(vendor: string): string[] {
  return CATALOGUE.filter((model) => model.vendor === vendor).map(({ id }) => id)
}

/** What a vendor's model is called here: without the path some put before it, and with signs that an id may have. */
function idOf(vendorModel: string): string {
  const bare = vendorModel.replace(/^models\//, '')
  if (MODEL_ID.test(bare)) return bare
  return (
    bare
      .replace(/[^A-Za-z0-9._:/-]+/g, '-')
      .replace(/^[^A-Za-z0-9]+/, '')
      .slice(0, 200) || 'model'
  )
}
