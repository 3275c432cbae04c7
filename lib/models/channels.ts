import { asc, eq, inArray, sql } from 'drizzle-orm'
import { z } from 'zod'
import { channelKeys, channelModels, channels, models } from '#db/schema/index.ts'
import { recordAudit } from '#lib/audit.ts'
import { encryptSecret } from '#lib/crypto.ts'
import { type Ctx, inTransaction, requireAdmin } from '#lib/ctx.ts'
import { getEnv } from '#lib/env.ts'
import { AppError } from '#lib/errors.ts'
import { newId } from '#lib/id.ts'

/** What the encrypted columns are bound to, so that a value cannot be moved to another column. */
export const KEY_PURPOSE = 'channel_keys.key_sealed'
export const PROXY_PURPOSE = 'channels.proxy_sealed'

const httpUrl = z.url({ protocol: /^https?$/ })

const baseUrl = httpUrl
  .refine((text) => {
    const url = new URL(text)
    return !url.username && !url.password && !url.search && !url.hash
  }, 'must hold no credentials, query or fragment')
  .transform((text) => text.replace(/\/+$/, ''))

// What an HTTP header can carry, which is where a key goes.
const vendorKey = z
  .string()
  .trim()
  .regex(/^[\x21-\x7e]{1,1000}$/, 'must be printable characters without spaces')

const addChannelInput = z.object({
  name: z.string().trim().min(1).max(100),
  /** Vendor the URL belongs to: `openai`, `deepseek`, … It decides how usage is read and which models are linked. */
  vendor: z.string().regex(/^[a-z0-9][a-z0-9-]{0,49}$/),
  baseUrl,
  key: vendorKey,
  /** HTTP proxy for this channel alone; without one HTTPS_PROXY and NO_PROXY decide. */
  proxy: httpUrl.optional(),
  headers: z.record(z.string().regex(/^[A-Za-z0-9-]{1,100}$/), z.string().regex(/^[\x20-\x7e]{0,1000}$/)).default({}),
  priority: z.number().int().min(-1_000).max(1_000).default(0),
  weight: z.number().int().min(1).max(1_000).default(1),
  /** Model ids, or `id=name` where the vendor calls a model otherwise. Without it all models of the vendor. */
  models: z
    .array(z.string().regex(/^[^\s=]{1,200}(=[^\s=]{1,200})?$/))
    .max(500)
    .optional(),
})

export type AddChannelInput = z.input<typeof addChannelInput>

/**
 * Adds a way to reach models: a base URL with its first key, encrypted, and the models it carries.
 * @returns the channel's id and the models linked to it
 * @throws {AppError} `conflict` when the name is taken, `model_unknown` for a model that does not exist,
 * `invalid_input` for a URL or key that cannot be one, `forbidden` unless an admin or the service acts
 */
export async function addChannel(ctx: Ctx, input: AddChannelInput): Promise<{ channelId: string; modelIds: string[] }> {
  requireAdmin(ctx)
  const parsed = addChannelInput.safeParse(input)
  if (!parsed.success) throw invalidInput(parsed.error)
  const channel = parsed.data
  const { ENCRYPTION_KEY } = getEnv()
  return inTransaction(ctx, async (tx) => {
    const channelId = newId()
    const [added] = await tx.db
      .insert(channels)
      .values({
        id: channelId,
        name: channel.name,
        vendor: channel.vendor,
        baseUrl: channel.baseUrl,
        proxySealed: channel.proxy ? encryptSecret(channel.proxy, ENCRYPTION_KEY, PROXY_PURPOSE) : null,
        headers: channel.headers,
        priority: channel.priority,
        weight: channel.weight,
      })
      .onConflictDoNothing({ target: channels.name })
      .returning({ id: channels.id })
    if (!added) throw new AppError('conflict', { message: `a channel named ${channel.name} exists` })
    await addChannelKey(tx, channelId, channel.key)
    const links = await resolveModels(tx, channel.vendor, channel.models)
    if (links.length > 0) await tx.db.insert(channelModels).values(links.map((link) => ({ channelId, ...link })))
    const modelIds = links.map((link) => link.modelId)
    await recordAudit(tx, {
      action: 'channel.add',
      subjectType: 'channel',
      subjectId: channelId,
      after: { name: channel.name, vendor: channel.vendor, baseUrl: channel.baseUrl, models: modelIds },
    })
    return { channelId, modelIds }
  })
}

export type ChannelSummary = {
  id: string
  name: string
  vendor: string
  baseUrl: string
  priority: number
  weight: number
  status: 'active' | 'disabled'
  hasProxy: boolean
  keys: { id: string; hint: string; status: 'active' | 'disabled' | 'refused' }[]
  modelIds: string[]
}

/** All channels as the operator may see them: no key, only its last four characters. At most 500. */
export async function listChannels(ctx: Ctx): Promise<ChannelSummary[]> {
  requireAdmin(ctx)
  const rows = await ctx.db.select().from(channels).orderBy(asc(channels.name)).limit(500)
  if (rows.length === 0) return []
  const ids = rows.map((row) => row.id)
  const keys = await ctx.db
    .select({
      id: channelKeys.id,
      channelId: channelKeys.channelId,
      hint: channelKeys.hint,
      status: channelKeys.status,
    })
    .from(channelKeys)
    .where(inArray(channelKeys.channelId, ids))
    .orderBy(asc(channelKeys.id))
  const links = await ctx.db
    .select()
    .from(channelModels)
    .where(inArray(channelModels.channelId, ids))
    .orderBy(asc(channelModels.modelId))
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    vendor: row.vendor,
    baseUrl: row.baseUrl,
    priority: row.priority,
    weight: row.weight,
    status: row.status,
    hasProxy: row.proxySealed !== null,
    keys: keys.filter((key) => key.channelId === row.id).map(({ id, hint, status }) => ({ id, hint, status })),
    modelIds: links.filter((link) => link.channelId === row.id).map((link) => link.modelId),
  }))
}

/** Stores a key of a channel, encrypted. */
export async function addChannelKey(ctx: Ctx, channelId: string, key: string): Promise<void> {
  await ctx.db.insert(channelKeys).values({
    id: newId(),
    channelId,
    keySealed: encryptSecret(key, getEnv().ENCRYPTION_KEY, KEY_PURPOSE),
    hint: key.slice(-4),
  })
}

/** The first fault of an input, in words for whoever typed it into a terminal. */
export function invalidInput(error: z.ZodError): AppError {
  const issue = error.issues[0]
  const field = issue?.path.join('.') ?? ''
  return new AppError('invalid_input', { message: `${field}: ${issue?.message}`, params: { field }, cause: error })
}

async function resolveModels(ctx: Ctx, vendor: string, wanted: string[] | undefined) {
  if (!wanted) {
    const own = await ctx.db.select({ id: models.id }).from(models).where(eq(models.vendor, vendor)).limit(500)
    return own.map(({ id }) => ({ modelId: id, vendorModel: id }))
  }
  const links = wanted.map((text) => {
    const [modelId = '', vendorModel = modelId] = text.split('=')
    return { modelId, vendorModel }
  })
  const found = await ctx.db
    .select({ id: models.id })
    .from(models)
    .where(sql`${models.id} = ANY(${sql.param(links.map((link) => link.modelId))}::text[])`)
  const unknown = links.find((link) => !found.some((model) => model.id === link.modelId))
  if (unknown)
    throw new AppError('model_unknown', {
      message: `no model ${unknown.modelId}`,
      params: { modelId: unknown.modelId },
    })
  return links
}
