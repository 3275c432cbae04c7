import { and, desc, eq, sql } from 'drizzle-orm'
import { z } from 'zod'
import { models, priceVersions } from '#db/schema/index.ts'
import { actorName, recordAudit } from '#lib/audit.ts'
import { type Ctx, inTransaction, requireAdmin } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'
import { newId } from '#lib/id.ts'
import { creditsToDecimal, parseCredits } from '#lib/money.ts'
import { lossesOf, type UnitPrices } from './price-math.ts'
import type { PriceVersion } from './shared.ts'

/** Versions of one model at most that lie ahead. */
const PLANNED_MAX = 20

/** Credits per one million tokens as a person types them: "0.25". */
export const price = z.string().transform((text, context) => {
  const micros = parseCredits(text)
  if (micros !== null && micros >= 0n) return micros
  context.addIssue({ code: 'custom', message: 'must be a decimal number of credits, not negative, at most six places' })
  return z.NEVER
})

/** Likewise; empty is left out. */
const maybePrice = z
  .string()
  .transform((text) => (text.trim() === '' ? undefined : text))
  .pipe(price.optional())
  .optional()

/** Prices as a form sends them: credits per one million tokens, decimal; what is empty follows from the others. */
export const priceFields = {
  input: price,
  cacheRead: maybePrice,
  cacheWrite: maybePrice,
  output: price,
  reasoning: maybePrice,
  request: maybePrice,
  costInput: maybePrice,
  costCacheRead: maybePrice,
  costCacheWrite: maybePrice,
  costOutput: maybePrice,
  costReasoning: maybePrice,
}

type PriceFields = z.output<z.ZodObject<typeof priceFields>>

/** What is left out costs as much as input, reasoning as output. */
export function unitPrices(fields: PriceFields): UnitPrices {
  const costInput = fields.costInput ?? 0n
  const costOutput = fields.costOutput ?? 0n
  return {
    inputMicros: fields.input,
    cacheReadMicros: fields.cacheRead ?? fields.input,
    cacheWriteMicros: fields.cacheWrite ?? fields.input,
    outputMicros: fields.output,
    reasoningMicros: fields.reasoning ?? fields.output,
    requestMicros: fields.request ?? 0n,
    costInputMicros: costInput,
    costCacheReadMicros: fields.costCacheRead ?? costInput,
    costCacheWriteMicros: fields.costCacheWrite ?? costInput,
    costOutputMicros: costOutput,
    costReasoningMicros: fields.costReasoning ?? costOutput,
  }
}

export const addPriceVersionInput = z.object({
  modelId: z.string().min(1).max(200),
  /** The version of the model that the form showed. */
  version: z.coerce.number().int(),
  ...priceFields,
  /** When it begins, with its offset from UTC; empty is now. */
  from: z
    .union([z.literal(''), z.iso.datetime({ offset: true })])
    .default('')
    .transform((text) => text || null),
  /** That the operator has seen that something is sold below its cost. */
  allowLoss: z.stringbool().or(z.boolean()).default(false),
})

/**
 * Gives a model a price from a moment on: now, or later. It holds until the next one that is already planned begins.
 * Calls already let in keep theirs.
 * @throws {AppError} `not_found` for the model, `changed_meanwhile` when the form is older than it, `price_below_cost`
 * naming the kinds unless the loss is allowed, `invalid_input` naming `from` for a moment in the past, `price_time_taken`
 * when another price begins then
 */
export async function addPriceVersion(
  ctx: Ctx,
  input: z.output<typeof addPriceVersionInput>,
): Promise<{ priceVersionId: string }> {
  requireAdmin(ctx)
  const { modelId, version, from, allowLoss, ...fields } = input
  const prices = unitPrices(fields)
  const losses = lossesOf(prices)
  if (losses.length > 0 && !allowLoss) throw new AppError('price_below_cost', { params: { kinds: losses.join(',') } })
  return inTransaction(ctx, async (tx) => {
    await lockModel(tx, modelId, version)
    const priceVersionId = await insertPrice(tx, { modelId, prices, from })
    await bumpModel(tx, modelId)
    await recordAudit(tx, {
      action: 'price.add',
      subjectType: 'model',
      subjectId: modelId,
      after: { priceVersionId, from: from ?? 'now', ...decimalsOf(prices), ...(losses.length > 0 ? { losses } : {}) },
    })
    return { priceVersionId }
  })
}

export const withdrawPriceVersionInput = z.object({
  modelId: z.string().min(1).max(200),
  priceVersionId: z.uuid(),
})

/**
 * Takes back a price that has not begun; the one before it holds on, until the one after it begins.
 * @throws {AppError} `not_found`, `price_begun` once it holds or will within a minute
 */
export async function withdrawPriceVersion(
  ctx: Ctx,
  { modelId, priceVersionId }: z.output<typeof withdrawPriceVersionInput>,
): Promise<void> {
  requireAdmin(ctx)
  await inTransaction(ctx, async (tx) => {
    await lockModel(tx, modelId)
    const isIt = and(eq(priceVersions.id, priceVersionId), eq(priceVersions.modelId, modelId))
    const begins = sql<string>`lower(${priceVersions.validDuring})::text`
    const [found] = await tx.db
      .select({
        row: priceVersions,
        begins,
        ends: sql<string | null>`upper(${priceVersions.validDuring})::text`,
        isAhead: sql<boolean>`lower(${priceVersions.validDuring}) > clock_timestamp() + interval '65 seconds'`,
      })
      .from(priceVersions)
      .where(isIt)
    if (!found) throw new AppError('not_found', { message: 'no such price' })
    if (!found.isAhead) throw new AppError('price_begun')
    await tx.db.delete(priceVersions).where(isIt)
    await tx.db
      .update(priceVersions)
      .set({ validDuring: sql`tstzrange(lower(${priceVersions.validDuring}), ${found.ends}::timestamptz)` })
      .where(
        and(
          eq(priceVersions.modelId, modelId),
          sql`upper(${priceVersions.validDuring}) = ${found.begins}::timestamptz`,
        ),
      )
    await bumpModel(tx, modelId)
    await recordAudit(tx, {
      action: 'price.withdraw',
      subjectType: 'model',
      subjectId: modelId,
      before: { priceVersionId, from: found.begins, ...decimalsOf(found.row) },
    })
  })
}

/** The prices of a model, those ahead first; at most 200. */
export async function listPriceVersions(ctx: Ctx, { modelId }: { modelId: string }): Promise<PriceVersion[]> {
  requireAdmin(ctx)
  const range = priceVersions.validDuring
  const rows = await ctx.db
    .select({
      row: priceVersions,
      fromMs: sql<string>`extract(epoch FROM lower(${range})) * 1000`,
      untilMs: sql<string | null>`extract(epoch FROM upper(${range})) * 1000`,
      state: sql<PriceVersion['state']>`CASE WHEN ${range} @> now() THEN 'current'
        WHEN lower(${range}) > now() THEN 'planned' ELSE 'past' END`,
      canWithdraw: sql<boolean>`lower(${range}) > clock_timestamp() + interval '65 seconds'`,
    })
    .from(priceVersions)
    .where(eq(priceVersions.modelId, modelId))
    .orderBy(desc(sql`lower(${range})`))
    .limit(200)
  return rows.map(({ row: { modelId: _, validDuring: __, ...row }, fromMs, untilMs, ...when }) => ({
    ...row,
    ...when,
    from: new Date(Number(fromMs)),
    until: untilMs === null ? null : new Date(Number(untilMs)),
  }))
}

/**
 * Puts a price between those that are there: it ends the one that holds at its beginning, and ends where that did.
 * The caller has locked the model.
 * @param input.from null for now
 */
export async function insertPrice(
  ctx: Ctx,
  { modelId, prices, from, source }: { modelId: string; prices: UnitPrices; from: string | null; source?: PriceSource },
): Promise<string> {
  // The clock of the statement, not of the transaction: two changes in one transaction still follow each other.
  const { rows } = await ctx.db.execute<{
    at: string
    is_past: boolean
    taken: boolean
    ends: string | null
    ahead: string
  }>(sql`
    SELECT at::text, at < now AS is_past,
      EXISTS (SELECT 1 FROM price_versions v WHERE v.model_id = ${modelId} AND lower(v.valid_during) = at) AS taken,
      (SELECT min(lower(v.valid_during))::text FROM price_versions v
        WHERE v.model_id = ${modelId} AND lower(v.valid_during) > at) AS ends,
      (SELECT count(*) FROM price_versions v WHERE v.model_id = ${modelId} AND lower(v.valid_during) > now) AS ahead
    FROM (SELECT coalesce(${from}::timestamptz, now) AS at, now FROM (SELECT clock_timestamp() AS now) AS clock) AS moment`)
  const { at, is_past, taken, ends, ahead } = rows[0]!
  if (is_past)
    throw new AppError('invalid_input', { message: 'a price cannot begin in the past', params: { field: 'from' } })
  if (taken) throw new AppError('price_time_taken', { params: { field: 'from' } })
  if (from !== null && Number(ahead) >= PLANNED_MAX)
    throw new AppError('conflict', { message: 'too many planned prices' })
  await ctx.db
    .update(priceVersions)
    .set({ validDuring: sql`tstzrange(lower(${priceVersions.validDuring}), ${at}::timestamptz)` })
    .where(and(eq(priceVersions.modelId, modelId), sql`${priceVersions.validDuring} @> ${at}::timestamptz`))
  const id = newId()
  await ctx.db.insert(priceVersions).values({
    ...prices,
    ...source,
    id,
    modelId,
    validDuring: sql`tstzrange(${at}::timestamptz, ${ends}::timestamptz)`,
    createdBy: actorName(ctx.actor),
  })
  return id
}

/** Where a price came from, for a version made out of the catalogue. */
export type PriceSource = Pick<
  typeof priceVersions.$inferInsert,
  'sourceUrl' | 'sourceDate' | 'sourceCurrency' | 'exchangeRate' | 'exchangeRateDate'
>

/**
 * Locks a model, so that its prices change one after the other.
 * @throws {AppError} `not_found`, `changed_meanwhile` when it has another version than the form showed
 */
export async function lockModel(ctx: Ctx, modelId: string, version?: number) {
  const [model] = await ctx.db.select().from(models).where(eq(models.id, modelId)).for('update')
  if (!model) throw new AppError('not_found', { message: `no model ${modelId}` })
  if (version !== undefined && model.version !== version) throw new AppError('changed_meanwhile')
  return model
}

/** Counts a change of a model, so that forms that are older notice. */
export async function bumpModel(ctx: Ctx, modelId: string): Promise<void> {
  await ctx.db
    .update(models)
    .set({ version: sql`${models.version} + 1` })
    .where(eq(models.id, modelId))
}

/** Prices for the audit log: decimals of credits per one million tokens. */
function decimalsOf(prices: UnitPrices): Record<string, string> {
  return {
    input: creditsToDecimal(prices.inputMicros),
    cacheRead: creditsToDecimal(prices.cacheReadMicros),
    cacheWrite: creditsToDecimal(prices.cacheWriteMicros),
    output: creditsToDecimal(prices.outputMicros),
    reasoning: creditsToDecimal(prices.reasoningMicros),
    request: creditsToDecimal(prices.requestMicros),
    costInput: creditsToDecimal(prices.costInputMicros),
    costCacheRead: creditsToDecimal(prices.costCacheReadMicros),
    costCacheWrite: creditsToDecimal(prices.costCacheWriteMicros),
    costOutput: creditsToDecimal(prices.costOutputMicros),
    costReasoning: creditsToDecimal(prices.costReasoningMicros),
  }
}
