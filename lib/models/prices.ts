import { and, eq, sql } from 'drizzle-orm'
import { z } from 'zod'
import { channelModels, channels, models, priceVersions } from '#db/schema/index.ts'
import { recordAudit } from '#lib/audit.ts'
import { type Ctx, inTransaction, requireAdmin } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'
import { creditsToDecimal } from '#lib/money.ts'
import { priceInForce } from './catalogue.ts'
import { invalidInput } from './channel-fields.ts'
import { bumpModel, insertPrice, price } from './price-versions.ts'

const tokens = z.number().int().min(1).max(100_000_000)

const setModelInput = z
  .object({
    id: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._:/-]{0,199}$/, 'must be a model id such as gpt-6-luna'),
    /** What people pay, in credits per one million tokens. What is left out costs as much as input, reasoning as output. */
    input: price,
    output: price,
    cached: price.optional(),
    cacheWrite: price.optional(),
    reasoningOutput: price.optional(),
    request: price.optional(),
    /** What it costs us, likewise; left out it stays as it was, or is zero for a new model. */
    costInput: price.optional(),
    costOutput: price.optional(),
    costCached: price.optional(),
    displayName: z.string().trim().min(1).max(100).optional(),
    vendor: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,49}$/)
      .optional(),
    contextTokens: tokens.optional(),
    maxOutputTokens: tokens.optional(),
    minOutput: tokens.optional(),
    reasoning: z.boolean().optional(),
    outputCapField: z.enum(['max_tokens', 'max_completion_tokens']).optional(),
    visible: z.boolean().optional(),
    /** Name of a channel that carries it, and the vendor's own name for it there. */
    channel: z.string().optional(),
    vendorModel: z
      .string()
      .regex(/^\S{1,200}$/)
      .optional(),
  })
  .refine((model) => (model.maxOutputTokens ?? 0) <= (model.contextTokens ?? Number.POSITIVE_INFINITY), {
    path: ['maxOutputTokens'],
    error: 'must not be larger than contextTokens',
  })

export type SetModelInput = z.input<typeof setModelInput>

const NEW_MODEL_CONTEXT = 128_000
const NEW_MODEL_OUTPUT = 8_192

/**
 * Makes a model or changes it: its limits, what it costs from now on, and a channel that carries it.
 * Calls already let in keep their price; the same prices again make no new version.
 * @throws {AppError} `not_found` for a channel that does not exist, `invalid_input`, `forbidden`
 */
export async function setModel(ctx: Ctx, input: SetModelInput): Promise<{ modelId: string; priceVersionId: string }> {
  requireAdmin(ctx)
  const parsed = setModelInput.safeParse(input)
  if (!parsed.success) throw invalidInput(parsed.error)
  const wanted = parsed.data
  return inTransaction(ctx, async (tx) => {
    const channel = wanted.channel ? await findChannel(tx, wanted.channel) : null
    const isNew = await saveModel(tx, wanted, channel?.vendor)
    const { priceVersionId, changed } = await savePrice(tx, wanted)
    await bumpModel(tx, wanted.id)
    if (channel) {
      const vendorModel = wanted.vendorModel ?? wanted.id
      await tx.db
        .insert(channelModels)
        .values({ channelId: channel.id, modelId: wanted.id, vendorModel })
        .onConflictDoUpdate({ target: [channelModels.channelId, channelModels.modelId], set: { vendorModel } })
    }
    await recordAudit(tx, {
      action: isNew ? 'model.add' : 'model.set',
      subjectType: 'model',
      subjectId: wanted.id,
      after: {
        input: creditsToDecimal(wanted.input),
        output: creditsToDecimal(wanted.output),
        priceVersionId,
        priceChanged: changed,
        ...(channel ? { channelId: channel.id } : {}),
      },
    })
    return { modelId: wanted.id, priceVersionId }
  })
}

type Wanted = z.output<typeof setModelInput>

async function findChannel(ctx: Ctx, name: string) {
  const [channel] = await ctx.db
    .select({ id: channels.id, vendor: channels.vendor })
    .from(channels)
    .where(eq(channels.name, name))
  if (!channel) throw new AppError('not_found', { message: `no channel named ${name}` })
  return channel
}

async function saveModel(ctx: Ctx, wanted: Wanted, channelVendor: string | undefined): Promise<boolean> {
  // What is left out stays as it is.
  const stated = {
    displayName: wanted.displayName,
    vendor: wanted.vendor,
    reasoning: wanted.reasoning,
    outputCapField: wanted.outputCapField,
    visible: wanted.visible,
  }
  const [known] = await ctx.db.select().from(models).where(eq(models.id, wanted.id)).for('update')
  const contextTokens = wanted.contextTokens ?? known?.contextTokens ?? NEW_MODEL_CONTEXT
  const reasoning = wanted.reasoning ?? known?.reasoning ?? false
  // What is not said gives way to what is: limits that contradict each other could not be saved from the admin's form.
  const maxOutputTokens = Math.min(wanted.maxOutputTokens ?? known?.maxOutputTokens ?? NEW_MODEL_OUTPUT, contextTokens)
  const fitting = {
    contextTokens,
    maxOutputTokens,
    defaultMaxOutput: Math.min(known?.defaultMaxOutput ?? NEW_MODEL_OUTPUT, maxOutputTokens),
    minOutput: Math.min(wanted.minOutput ?? known?.minOutput ?? (reasoning ? 2_048 : 256), maxOutputTokens),
  }
  if (known) {
    await ctx.db
      .update(models)
      .set({ ...stated, ...fitting })
      .where(eq(models.id, wanted.id))
    return false
  }
  await ctx.db.insert(models).values({
    ...stated,
    ...fitting,
    id: wanted.id,
    displayName: wanted.displayName ?? wanted.id,
    vendor: wanted.vendor ?? channelVendor ?? 'other',
    // After those that are there.
    position: sql`(SELECT least(coalesce(max(position), -1) + 1, 30000) FROM models)`,
  })
  return true
}

async function savePrice(ctx: Ctx, wanted: Wanted): Promise<{ priceVersionId: string; changed: boolean }> {
  const [current] = await ctx.db
    .select()
    .from(priceVersions)
    .where(and(eq(priceVersions.modelId, wanted.id), priceInForce()))
  const costInputMicros = wanted.costInput ?? current?.costInputMicros ?? 0n
  const costOutputMicros = wanted.costOutput ?? current?.costOutputMicros ?? 0n
  const prices = {
    inputMicros: wanted.input,
    cacheReadMicros: wanted.cached ?? wanted.input,
    cacheWriteMicros: wanted.cacheWrite ?? wanted.input,
    outputMicros: wanted.output,
    reasoningMicros: wanted.reasoningOutput ?? wanted.output,
    requestMicros: wanted.request ?? 0n,
    costInputMicros,
    costCacheReadMicros:
      wanted.costCached ??
      (wanted.costInput === undefined ? current?.costCacheReadMicros : undefined) ??
      costInputMicros,
    costCacheWriteMicros:
      (wanted.costInput === undefined ? current?.costCacheWriteMicros : undefined) ?? costInputMicros,
    costOutputMicros,
    costReasoningMicros:
      (wanted.costOutput === undefined ? current?.costReasoningMicros : undefined) ?? costOutputMicros,
  }
  const names = Object.keys(prices) as (keyof typeof prices)[]
  if (current && names.every((name) => current[name] === prices[name])) {
    return { priceVersionId: current.id, changed: false }
  }
  return { priceVersionId: await insertPrice(ctx, { modelId: wanted.id, prices, from: null }), changed: true }
}
