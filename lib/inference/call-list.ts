import { asc, type SQL, sql } from 'drizzle-orm'
import { z } from 'zod'
import { channels, models } from '#db/schema/index.ts'
import { type Ctx, requireAdmin } from '#lib/ctx.ts'
import {
  boundsOf,
  isInSlice,
  lookBack,
  lookBackThrough,
  microsOf,
  type Place,
  type ReadSlice,
  timeWindowInput,
} from '#lib/look-back.ts'
import { recordedWithin } from './own-wallet.ts'
import { OUTCOMES, type Outcome, type Usage, type UsageSource } from './shared.ts'

const BATCH = 1_000
const SOURCES_MAX = 500

const callFilterInput = z.object({
  /** Calls of one person; without it those of everybody, within a window. */
  userId: z.uuid().optional(),
  modelId: z.string().min(1).max(200).optional(),
  channelId: z.uuid().optional(),
  outcome: z.enum(OUTCOMES).optional(),
  /** Whether the wallet paid something. */
  paid: z.enum(['charged', 'free']).optional(),
  window: timeWindowInput.optional(),
})

export type CallFilter = z.input<typeof callFilterInput>

const listCallsInput = callFilterInput.extend({
  limit: z.number().int().min(1).max(200).default(50),
  /** Where the page before ended. */
  after: z.string().max(60).optional(),
})

/** One call as operators see it: who, what came of it, what it cost them and us. Amounts are micro-credits. */
export type CallLine = {
  id: string
  at: Date
  userId: string
  /** Null once the person is gone. */
  email: string | null
  modelId: string
  modelName: string
  /** Null when nobody answered, for the demo model, and once the channel is gone. */
  channelName: string | null
  outcome: Outcome
  errorCode: string | null
  usageSource: UsageSource
  usage: Usage
  heldMicros: bigint
  chargedMicros: bigint
  badDebtMicros: bigint
  vendorCostMicros: bigint
  firstTokenMs: number | null
  durationMs: number
}

/** A page of calls, the latest first. `lookedBackTo`: it was looked so far and no further, and `next` goes on there. */
export type CallPage = { items: CallLine[]; next: string | null; lookedBackTo: Date | null }

/**
 * Calls of everybody in a window, the last day unless told, or of one person. Admins and the service only; no word of a
 * conversation is in it.
 */
export async function listCalls(ctx: Ctx, input: z.input<typeof listCallsInput> = {}): Promise<CallPage> {
  requireAdmin(ctx)
  const { limit, after, ...filter } = listCallsInput.parse(input)
  if (filter.userId !== undefined) {
    const items = await readOf(ctx, filter.userId, filter, { after, limit: limit + 1 })
    const page = items.slice(0, limit)
    return { items: page, next: items.length > limit ? page.at(-1)!.id : null, lookedBackTo: null }
  }
  const { rows, ...rest } = await lookBack(ctx, { window: windowOf(filter), after, limit, read: sliceOf(ctx, filter) })
  return { items: rows.map(lineOf), ...rest }
}

/** All calls that a filter shows, the latest first, batch by batch. Admins and the service only. */
export async function* exportCalls(ctx: Ctx, input: CallFilter = {}): AsyncGenerator<CallLine[]> {
  requireAdmin(ctx)
  const filter = callFilterInput.parse(input)
  if (filter.userId === undefined) {
    const batches = lookBackThrough(ctx, { window: windowOf(filter), read: sliceOf(ctx, filter) })
    for await (const rows of batches) yield rows.map(lineOf)
    return
  }
  let after: string | undefined
  for (;;) {
    const items = await readOf(ctx, filter.userId, filter, { after, limit: BATCH })
    if (items.length > 0) yield items
    if (items.length < BATCH) return
    after = items.at(-1)!.id
  }
}

/** What calls can be narrowed to: every model and channel that there is, by name. Admins and the service only. */
export async function listCallSources(
  ctx: Ctx,
): Promise<{ models: { id: string; name: string }[]; channels: { id: string; name: string }[] }> {
  requireAdmin(ctx)
  const [ofModels, ofChannels] = await Promise.all([
    ctx.db
      .select({ id: models.id, name: models.displayName })
      .from(models)
      .orderBy(asc(models.displayName), asc(models.id))
      .limit(SOURCES_MAX),
    ctx.db
      .select({ id: channels.id, name: channels.name })
      .from(channels)
      .orderBy(asc(channels.name), asc(channels.id))
      .limit(SOURCES_MAX),
  ])
  return { models: ofModels, channels: ofChannels }
}

type Filter = z.output<typeof callFilterInput>

const windowOf = ({ window }: Filter) => window ?? { hours: 24 }

type CallRow = {
  id: string
  created_at: string
  user_id: string
  email: string | null
  model_id: string
  model_name: string
  channel_name: string | null
  outcome: Outcome
  error_code: string | null
  usage_source: UsageSource
  input_tokens: number
  cache_read_tokens: number
  cache_write_tokens: number
  output_tokens: number
  reasoning_tokens: number
  held_micros: bigint
  charged_micros: bigint
  bad_debt_micros: bigint
  vendor_cost_micros: bigint
  first_token_ms: number | null
  duration_ms: number
}

/** One person's calls lie together in the order of their ids, which are made in the order of time. */
async function readOf(
  ctx: Ctx,
  userId: string,
  filter: Filter,
  { after, limit }: { after?: string; limit: number },
): Promise<CallLine[]> {
  const { from, until } = filter.window ? boundsOf(filter.window) : { from: null, until: null }
  const within =
    from || until
      ? recordedWithin(from ?? sql`'epoch'::timestamptz`, until ?? sql`(now() + interval '1 minute')`)
      : sql`true`
  const place = after === undefined ? sql`true` : sql`u.id < ${z.uuid().parse(after)}`
  const { rows } = await ctx.db.execute<CallRow>(
    select(
      sql`u.user_id = ${userId} AND ${place} AND ${within} AND ${conditionOf(filter)} ORDER BY u.id DESC`,
      limit,
      sql`u.id DESC`,
    ),
  )
  return rows.map(lineOf)
}

function sliceOf(ctx: Ctx, filter: Filter): ReadSlice<CallRow & Place> {
  return async ({ limit, ...slice }) => {
    const inSlice = isInSlice(sql`u.created_at`, sql`u.id`, slice)
    const { rows } = await ctx.db.execute<CallRow & Place>(
      select(
        sql`${inSlice} AND ${conditionOf(filter)} ORDER BY u.created_at DESC, u.id DESC`,
        limit,
        sql`u.created_at DESC, u.id DESC`,
      ),
    )
    return rows
  }
}

/** The names are looked up for the rows of the page alone. */
function select(which: SQL, limit: number, order: SQL): SQL {
  return sql`
    SELECT u.*, ${microsOf(sql`u.created_at`)} AS micros, p.email, coalesce(m.display_name, u.model_id) AS model_name,
      c.name AS channel_name
    FROM (SELECT u.* FROM usage_records u WHERE ${which} LIMIT ${limit}) u
    LEFT JOIN users p ON p.id = u.user_id
    LEFT JOIN models m ON m.id = u.model_id
    LEFT JOIN channels c ON c.id = u.channel_id
    ORDER BY ${order}`
}

function conditionOf({ modelId, channelId, outcome, paid }: Filter): SQL {
  const conditions = [
    sql`true`,
    modelId !== undefined && sql`u.model_id = ${modelId}`,
    channelId !== undefined && sql`u.channel_id = ${channelId}`,
    outcome !== undefined && sql`u.outcome = ${outcome}`,
    paid === 'charged' && sql`u.charged_micros > 0`,
    paid === 'free' && sql`u.charged_micros = 0`,
  ].filter((condition) => typeof condition === 'object')
  return sql.join(conditions, sql` AND `)
}

function lineOf(row: CallRow): CallLine {
  return {
    id: row.id,
    at: new Date(row.created_at),
    userId: row.user_id,
    email: row.email,
    modelId: row.model_id,
    modelName: row.model_name,
    channelName: row.channel_name,
    outcome: row.outcome,
    errorCode: row.error_code,
    usageSource: row.usage_source,
    usage: {
      inputTokens: row.input_tokens,
      cacheReadTokens: row.cache_read_tokens,
      cacheWriteTokens: row.cache_write_tokens,
      outputTokens: row.output_tokens,
      reasoningTokens: row.reasoning_tokens,
    },
    heldMicros: row.held_micros,
    chargedMicros: row.charged_micros,
    badDebtMicros: row.bad_debt_micros,
    vendorCostMicros: row.vendor_cost_micros,
    firstTokenMs: row.first_token_ms,
    durationMs: row.duration_ms,
  }
}
