import { eq, sql } from 'drizzle-orm'
import { z } from 'zod'
import { models } from '#db/schema/index.ts'
import { recordAudit } from '#lib/audit.ts'
import { type Ctx, inTransaction, requireAdmin } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'
import { getSetting, setSetting } from '#lib/settings/index.ts'
import { vendorId } from './channel-fields.ts'
import { lossesOf } from './price-math.ts'
import { lockModel, price, priceFields, unitPrices } from './price-versions.ts'
import { setModel } from './prices.ts'

const tokens = z.coerce.number().int().min(1).max(100_000_000)
/** A ticked box of a form, or a truth; absent is false. */
const tick = z.stringbool().or(z.boolean()).default(false)

const modelId = z.string().min(1).max(200)

const limitFields = {
  displayName: z.string().trim().min(1).max(100),
  vendor: vendorId,
  contextTokens: tokens,
  maxOutputTokens: tokens,
  /** Output cap while nobody asks for another. */
  defaultMaxOutput: tokens,
  /** With less room than this an answer is refused instead of begun. */
  minOutput: tokens,
  reasoning: tick,
  outputCapField: z.enum(['max_tokens', 'max_completion_tokens']),
  visible: tick,
  position: z.coerce.number().int().min(-30_000).max(30_000),
}

export const editModelInput = z
  .object({ modelId, version: z.coerce.number().int(), ...limitFields })
  .superRefine((model, context) => {
    const complain = (field: string) => context.addIssue({ code: 'custom', path: [field], message: 'is too large' })
    if (model.maxOutputTokens > model.contextTokens) complain('maxOutputTokens')
    if (model.minOutput > model.maxOutputTokens) complain('minOutput')
    if (model.defaultMaxOutput > model.maxOutputTokens) complain('defaultMaxOutput')
  })

/**
 * Changes what a model is called, its limits, and whether and where people see it. Calls under way keep theirs.
 * @throws {AppError} `not_found`, `changed_meanwhile` when the form is older than the model
 */
export async function editModel(ctx: Ctx, input: z.output<typeof editModelInput>): Promise<void> {
  requireAdmin(ctx)
  const { modelId, version, ...fields } = input
  await inTransaction(ctx, async (tx) => {
    const before = await lockModel(tx, modelId, version)
    const changed = Object.entries(fields).filter(([name, value]) => before[name as keyof typeof before] !== value)
    if (changed.length === 0) return
    await tx.db
      .update(models)
      .set({ ...fields, version: sql`${models.version} + 1` })
      .where(eq(models.id, modelId))
    await recordAudit(tx, {
      action: 'model.edit',
      subjectType: 'model',
      subjectId: modelId,
      before: Object.fromEntries(changed.map(([name]) => [name, before[name as keyof typeof before]])),
      after: Object.fromEntries(changed),
    })
  })
}

export const setModelVisibleInput = z.object({ modelId, visible: z.stringbool().or(z.boolean()) })

/** Shows a model to people, or hides it from them; conversations with it stay. The same again changes nothing. */
export async function setModelVisible(
  ctx: Ctx,
  { modelId, visible }: z.output<typeof setModelVisibleInput>,
): Promise<void> {
  requireAdmin(ctx)
  await inTransaction(ctx, async (tx) => {
    const before = await lockModel(tx, modelId)
    if (before.visible === visible) return
    await tx.db
      .update(models)
      .set({ visible, version: sql`${models.version} + 1` })
      .where(eq(models.id, modelId))
    await recordAudit(tx, {
      action: visible ? 'model.show' : 'model.hide',
      subjectType: 'model',
      subjectId: modelId,
      before: { visible: before.visible },
      after: { visible },
    })
  })
}

export const setDefaultModelInput = z.object({ modelId, isDefault: z.stringbool().or(z.boolean()) })

/**
 * Makes new conversations begin with this model, or leaves the choice to the service again.
 * @throws {AppError} `not_found` for a model that is not there
 */
export async function setDefaultModel(
  ctx: Ctx,
  { modelId, isDefault }: z.output<typeof setDefaultModelInput>,
): Promise<void> {
  requireAdmin(ctx)
  await inTransaction(ctx, async (tx) => {
    await lockModel(tx, modelId)
    const chosen = await getSetting(tx, 'default_model_id')
    if (isDefault) await setSetting(tx, { key: 'default_model_id', value: modelId })
    else if (chosen === modelId) await setSetting(tx, { key: 'default_model_id', value: null })
  })
}

const decimal = z.string().refine((text) => price.safeParse(text).success, 'must be a decimal number of credits')
const maybeDecimal = z
  .string()
  .transform((text) => text.trim() || undefined)
  .pipe(decimal.optional())
  .optional()

export const addModelInput = z.object({
  id: z
    .string()
    .trim()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._:/-]{0,199}$/)
    // The page of this name makes a new one.
    .refine((id) => id !== 'new'),
  displayName: z.string().trim().max(100).default(''),
  vendor: vendorId,
  contextTokens: tokens.default(128_000),
  maxOutputTokens: tokens.default(8_192),
  reasoning: tick,
  input: decimal,
  output: decimal,
  cacheRead: maybeDecimal,
  costInput: maybeDecimal,
  costOutput: maybeDecimal,
  costCacheRead: maybeDecimal,
  allowLoss: tick,
})

/**
 * Adds a model that no catalogue knows, with its first price.
 * @throws {AppError} `name_taken` when there is one with this id, `price_below_cost` unless the loss is allowed
 */
export async function addModel(
  ctx: Ctx,
  input: z.output<typeof addModelInput>,
  { mayExist = false } = {},
): Promise<{ modelId: string }> {
  requireAdmin(ctx)
  const { allowLoss, cacheRead, costCacheRead, displayName, ...fields } = input
  return inTransaction(ctx, async (tx) => {
    const [known] = await tx.db.select({ id: models.id }).from(models).where(eq(models.id, fields.id))
    if (known && !mayExist)
      throw new AppError('name_taken', { message: `model ${fields.id} exists`, params: { field: 'id' } })
    if (!allowLoss) requireNoLoss(input)
    await setModel(tx, {
      ...fields,
      ...(displayName ? { displayName } : {}),
      ...(cacheRead ? { cached: cacheRead } : {}),
      ...(costCacheRead ? { costCached: costCacheRead } : {}),
    })
    return { modelId: fields.id }
  })
}

function requireNoLoss({
  input,
  output,
  cacheRead,
  costInput,
  costOutput,
  costCacheRead,
}: z.output<typeof addModelInput>) {
  const prices = unitPrices(
    z.object(priceFields).parse({ input, output, cacheRead, costInput, costOutput, costCacheRead }),
  )
  const losses = lossesOf(prices)
  if (losses.length > 0) throw new AppError('price_below_cost', { params: { kinds: losses.join(',') } })
}
