import { eq, sql } from 'drizzle-orm'
import { z } from 'zod'
import { CATALOGUE } from '#db/catalogue.ts'
import { channels, models, priceVersions } from '#db/schema/index.ts'
import { insertModels } from '#db/seed.ts'
import { actorName, recordAudit } from '#lib/audit.ts'
import { type Ctx, inTransaction, requireAdmin } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'
import { newId } from '#lib/id.ts'
import { creditsToDecimal } from '#lib/money.ts'
import { getSettings } from '#lib/settings/index.ts'
import { priceInForce } from './catalogue.ts'
import { convertPrices, limitsOf } from './catalogue-prices.ts'
import { baseUrl, channelName, proxyUrl, vendorId, vendorKey } from './channel-fields.ts'
import { lockChannel } from './channel-keys.ts'
import { addChannel, linkModel, type ModelLink } from './channels.ts'
import { addModel, addModelInput } from './model-edit.ts'

const link = { vendorModel: z.string().regex(/^[^\s=]{1,200}$/), modelId: z.string().regex(/^[^\s=]{1,200}$/) }

const chosenModels = z
  .array(
    z.discriminatedUnion('from', [
      z.object({ from: z.literal('known'), ...link }),
      z.object({ from: z.literal('catalogue'), ...link }),
      z.object({ from: z.literal('hand'), vendorModel: link.vendorModel, model: addModelInput.omit({ vendor: true }) }),
    ]),
  )
  .max(200)

export const setUpChannelInput = z.object({
  name: channelName.or(z.literal('')).default(''),
  vendor: vendorId,
  baseUrl,
  key: vendorKey,
  proxy: proxyUrl.or(z.literal('')).default(''),
  ownNetwork: z.boolean().default(false),
  models: chosenModels,
})

/**
 * Adds a channel with the models it carries, all or nothing: those we have, those that the catalogue prices, and those
 * that were priced by hand. A model that is already priced here keeps its price.
 * @param input.name empty calls it as its vendor
 * @throws {AppError} `name_taken`, `address_private`, `price_below_cost`, `model_unknown`
 */
export async function setUpChannel(
  ctx: Ctx,
  { models: chosen, proxy, ...channel }: z.output<typeof setUpChannelInput>,
): Promise<{ channelId: string; modelIds: string[] }> {
  requireAdmin(ctx)
  return inTransaction(ctx, async (tx) => {
    const links = await makeModels(tx, channel.vendor, chosen)
    const name = channel.name || (await freeName(tx, channel.vendor))
    const asked = links.map(({ modelId, vendorModel }) => `${modelId}=${vendorModel}`)
    return addChannel(tx, { ...channel, name, proxy: proxy || undefined, models: [...new Set(asked)] })
  })
}

export const addChannelModelsInput = z.object({ channelId: z.uuid(), models: chosenModels })

/**
 * Lets a channel that is there carry more models, made likewise; what it carries already stays.
 * @throws {AppError} `not_found`, `price_below_cost`, `model_unknown`
 */
export async function addChannelModels(
  ctx: Ctx,
  { channelId, models: chosen }: z.output<typeof addChannelModelsInput>,
): Promise<{ modelIds: string[] }> {
  requireAdmin(ctx)
  return inTransaction(ctx, async (tx) => {
    const { vendor } = await lockChannel(tx, channelId)
    const links = await makeModels(tx, vendor, chosen)
    for (const one of links) await linkModel(tx, { channelId, ...one })
    return { modelIds: links.map(({ modelId }) => modelId) }
  })
}

async function makeModels(ctx: Ctx, vendor: string, chosen: z.output<typeof chosenModels>): Promise<ModelLink[]> {
  const listed = chosen.flatMap((one) => (one.from === 'catalogue' ? [one.modelId] : []))
  await addFromCatalogue(ctx, listed)
  const links: ModelLink[] = []
  for (const one of chosen) {
    const modelId = one.from === 'hand' ? await addByHand(ctx, vendor, one.model) : one.modelId
    links.push({ modelId, vendorModel: one.vendorModel })
  }
  return links
}

async function addFromCatalogue(ctx: Ctx, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return
  const { site_currency, markup_percent } = await getSettings(ctx)
  const rows = ids.map((id) => {
    const position = CATALOGUE.findIndex((model) => model.id === id)
    const entry = CATALOGUE[position]
    const price = entry && convertPrices(entry, site_currency, markup_percent)
    if (!entry || !price) throw new AppError('model_unknown', { params: { modelId: id } })
    return {
      model: { ...limitsOf(entry), position },
      price: { ...price, id: newId(), createdBy: actorName(ctx.actor) },
    }
  })
  for (const modelId of await insertModels(ctx.db, rows)) {
    const price = rows.find(({ model }) => model.id === modelId)?.price
    await recordAudit(ctx, {
      action: 'model.add',
      subjectType: 'model',
      subjectId: modelId,
      after: {
        input: price && creditsToDecimal(price.inputMicros),
        output: price && creditsToDecimal(price.outputMicros),
        priceVersionId: price?.id,
      },
    })
  }
}

type ByHand = Omit<z.output<typeof addModelInput>, 'vendor'>

/** One that we have but without a price gets it; of one that was priced meanwhile the price stays. */
async function addByHand(ctx: Ctx, vendor: string, model: ByHand): Promise<string> {
  const [known] = await ctx.db
    .select({ id: models.id, priceId: priceVersions.id })
    .from(models)
    .leftJoin(priceVersions, sql`${priceVersions.modelId} = ${models.id} AND ${priceInForce()}`)
    .where(eq(models.id, model.id))
  if (known?.priceId) return known.id
  const { modelId } = await addModel(ctx, { ...model, vendor }, { mayExist: known !== undefined })
  return modelId
}

async function freeName(ctx: Ctx, vendor: string): Promise<string> {
  const taken = await ctx.db
    .select({ name: channels.name })
    .from(channels)
    .where(sql`starts_with(${channels.name}, ${vendor})`)
    .limit(500)
  const names = new Set(taken.map(({ name }) => name))
  let name = vendor
  for (let number = 2; names.has(name); number++) name = `${vendor} ${number}`
  return name
}
