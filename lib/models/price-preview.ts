import { sql } from 'drizzle-orm'
import { z } from 'zod'
import { usageDays } from '#db/schema/index.ts'
import { type Ctx, requireAdmin } from '#lib/ctx.ts'
import { getSetting } from '#lib/settings/index.ts'
import { todayIn } from '#lib/time-zone.ts'
import { getOperatedModel } from './model-list.ts'
import { priceSums, type TokenSums } from './price-math.ts'
import { priceFields, unitPrices } from './price-versions.ts'
import type { PricePreview } from './shared.ts'

/** Days that a preview looks back on. */
const PREVIEW_DAYS = 30

export const previewPriceInput = z.object({ modelId: z.string().min(1).max(200), ...priceFields })

/** What the last thirty days of a model by the site's calendar would have brought and cost at another price. */
export async function previewPrice(ctx: Ctx, input: z.output<typeof previewPriceInput>): Promise<PricePreview> {
  requireAdmin(ctx)
  const { modelId, ...fields } = input
  const model = await getOperatedModel(ctx, { modelId })
  const { charged_micros, ...counted } = await readSums(ctx, modelId)
  const sums = Object.fromEntries(Object.entries(counted).map(([name, n]) => [name, Number(n)])) as TokenSums
  return {
    days: PREVIEW_DAYS,
    sums,
    chargedMicros: BigInt(charged_micros),
    before: model.price && priceSums(sums, model.price),
    after: priceSums(sums, unitPrices(fields)),
  }
}

async function readSums(ctx: Ctx, modelId: string) {
  const today = todayIn(await getSetting(ctx, 'time_zone'))
  const { rows } = await ctx.db.execute<Record<keyof TokenSums | 'charged_micros', string>>(sql`
    SELECT coalesce(sum(input_tokens), 0) AS input,
      coalesce(sum(cache_read_tokens), 0) AS "cacheRead",
      coalesce(sum(cache_write_tokens), 0) AS "cacheWrite",
      coalesce(sum(output_tokens), 0) AS output,
      coalesce(sum(reasoning_tokens), 0) AS reasoning,
      coalesce(sum(calls - failed - empty), 0) AS calls,
      coalesce(sum(charged_micros), 0) AS charged_micros
    FROM ${usageDays} WHERE day > ${today} - ${PREVIEW_DAYS}::int AND model_id = ${modelId}`)
  return rows[0]!
}
