import { eq, inArray, sql } from 'drizzle-orm'
import { z } from 'zod'
import { channelKeys, channelModels, channels, models } from '#db/schema/index.ts'
import { recordAudit } from '#lib/audit.ts'
import { decryptSecret, encryptSecret } from '#lib/crypto.ts'
import { type Ctx, inTransaction, requireAdmin } from '#lib/ctx.ts'
import { getEnv } from '#lib/env.ts'
import { AppError } from '#lib/errors.ts'
import { newId } from '#lib/id.ts'
import {
  baseUrl,
  channelName,
  headers,
  invalidInput,
  modelLink,
  PROXY_PURPOSE,
  priority,
  proxyUrl,
  requireAddresses,
  vendorId,
  vendorKey,
  weight,
} from './channel-fields.ts'
import { auditChannel, insertKey, lockChannel } from './channel-keys.ts'

const addChannelInput = z.object({
  name: channelName,
  vendor: vendorId,
  baseUrl,
  key: vendorKey,
  /** HTTP proxy for this channel alone; without one HTTPS_PROXY and NO_PROXY decide. */
  proxy: proxyUrl.optional(),
  headers: headers.default({}),
  priority: priority.default(0),
  weight: weight.default(1),
  /** The operator's word that the address or the proxy may lie in a private network. */
  ownNetwork: z.boolean().default(false),
  /** Model ids, or `id=name` where the vendor calls a model otherwise. Without it all models of the vendor. */
  models: z.array(modelLink).max(500).optional(),
})

export type AddChannelInput = z.input<typeof addChannelInput>

/**
 * Adds a way to reach models: a base URL with its first key, encrypted, and the models it carries.
 * @returns the channel's id and the models linked to it
 * @throws {AppError} `name_taken`, `model_unknown` for a model that does not exist, `address_private` for an address in
 * a private network without `ownNetwork`, `invalid_input` for a URL or key that cannot be one, `forbidden` unless an
 * admin or the service acts
 */
export async function addChannel(ctx: Ctx, input: AddChannelInput): Promise<{ channelId: string; modelIds: string[] }> {
  requireAdmin(ctx)
  const parsed = addChannelInput.safeParse(input)
  if (!parsed.success) throw invalidInput(parsed.error)
  const channel = parsed.data
  requireAddresses(channel)
  return inTransaction(ctx, async (tx) => {
    const channelId = newId()
    const [added] = await tx.db
      .insert(channels)
      .values({
        id: channelId,
        name: channel.name,
        vendor: channel.vendor,
        baseUrl: channel.baseUrl,
        proxySealed: channel.proxy ? sealProxy(channel.proxy) : null,
        headers: channel.headers,
        priority: channel.priority,
        weight: channel.weight,
        ownNetwork: channel.ownNetwork,
      })
      .onConflictDoNothing({ target: channels.name })
      .returning({ id: channels.id })
    if (!added) throw nameTaken(channel.name)
    await insertKey(tx, channelId, channel.key)
    const links = channel.models ? channel.models.map(readLink) : await linksOfVendor(tx, channel.vendor)
    await requireModels(tx, links)
    if (links.length > 0) await tx.db.insert(channelModels).values(links.map((link) => ({ channelId, ...link })))
    const modelIds = links.map((link) => link.modelId)
    await auditChannel(tx, 'channel.add', channelId, {
      ...shown(channel, channel.proxy !== undefined),
      models: modelIds,
    })
    return { channelId, modelIds }
  })
}

/** A secret part of a form: kept as it is, taken away, or replaced. */
const secretChange = z.enum(['keep', 'remove', 'replace'])

export const editChannelInput = z
  .object({
    channelId: z.uuid(),
    /** The version that the form showed. */
    version: z.coerce.number().int(),
    name: channelName,
    vendor: vendorId,
    baseUrl,
    ownNetwork: z.stringbool().or(z.boolean()).default(false),
    priority: z.coerce.number().pipe(priority),
    weight: z.coerce.number().pipe(weight),
    proxyChange: secretChange.default('keep'),
    proxy: z.string().trim().max(500).default(''),
    headersChange: secretChange.default('keep'),
    /** One `Name: value` in each line. */
    headers: z.string().max(20_000).default('').transform(readHeaders).pipe(headers),
  })
  .transform(({ proxyChange, proxy, headersChange, headers, ...channel }, context) => {
    if (proxyChange === 'replace' && !proxyUrl.safeParse(proxy).success) {
      context.addIssue({ code: 'custom', path: ['proxy'], message: 'is no URL of a proxy' })
      return z.NEVER
    }
    return {
      ...channel,
      /** Undefined keeps it, null takes it away. */
      proxy: { keep: undefined, remove: null, replace: proxy }[proxyChange],
      headers: { keep: undefined, remove: {}, replace: headers }[headersChange],
    }
  })

/**
 * Changes where a channel leads and how it is chosen; its keys and models have verbs of their own. Keys and headers belong
 * to a host: another one forgets them, so that nobody can have them sent elsewhere.
 * @returns how many keys were forgotten
 * @throws {AppError} `not_found`, `changed_meanwhile` when the form is older than the channel, `name_taken`,
 * `address_private`
 */
export async function editChannel(
  ctx: Ctx,
  input: z.output<typeof editChannelInput>,
): Promise<{ keysForgotten: number }> {
  requireAdmin(ctx)
  const { channelId, version, proxy, headers: newHeaders, ...fields } = input
  return inTransaction(ctx, async (tx) => {
    const before = await lockChannel(tx, channelId)
    if (before.version !== version) throw new AppError('changed_meanwhile')
    const keptProxy = before.proxySealed
    const isElsewhere = new URL(before.baseUrl).origin !== new URL(fields.baseUrl).origin
    requireAddresses({ ...fields, proxy: proxy === undefined ? openProxy(keptProxy) : proxy })
    const [other] = await tx.db.select({ id: channels.id }).from(channels).where(eq(channels.name, fields.name))
    if (other && other.id !== channelId) throw nameTaken(fields.name)
    const after = {
      ...fields,
      proxySealed: proxy === undefined ? keptProxy : proxy === null ? null : sealProxy(proxy),
      headers: newHeaders ?? (isElsewhere ? {} : before.headers),
    }
    await tx.db
      .update(channels)
      .set({ ...after, version: sql`${channels.version} + 1` })
      .where(eq(channels.id, channelId))
    const forgotten = isElsewhere
      ? await tx.db.delete(channelKeys).where(eq(channelKeys.channelId, channelId)).returning({ id: channelKeys.id })
      : []
    await auditChannel(
      tx,
      'channel.edit',
      channelId,
      {
        ...shown(after, after.proxySealed !== null),
        ...(proxy ? { proxyReplaced: true } : {}),
        ...(forgotten.length > 0 ? { keysForgotten: forgotten.length } : {}),
      },
      shown(before, keptProxy !== null),
    )
    return { keysForgotten: forgotten.length }
  })
}

export const setChannelStatusInput = z.object({ channelId: z.uuid(), status: z.enum(['active', 'disabled']) })

/** Takes a channel out of use, or back into it; calls under way go on. The same again changes nothing. */
export async function setChannelStatus(ctx: Ctx, input: z.output<typeof setChannelStatusInput>): Promise<void> {
  requireAdmin(ctx)
  const { channelId, status } = input
  await inTransaction(ctx, async (tx) => {
    const before = await lockChannel(tx, channelId)
    if (before.status === status) return
    await tx.db
      .update(channels)
      .set({ status, version: sql`${channels.version} + 1` })
      .where(eq(channels.id, channelId))
    const action = status === 'active' ? 'channel.enable' : 'channel.disable'
    await auditChannel(tx, action, channelId, { name: before.name, status }, { status: before.status })
  })
}

export const deleteChannelInput = z.object({
  channelId: z.uuid(),
  /** The channel's name, typed by whoever deletes it. */
  confirmName: z.string().trim().max(100),
  reason: z.string().trim().max(500).optional(),
})

/**
 * Deletes a channel with its keys. Receipts of its calls stay, and what they cost.
 * @throws {AppError} `not_found`, `invalid_input` naming `confirmName` when that is not its name
 */
export async function deleteChannel(ctx: Ctx, input: z.output<typeof deleteChannelInput>): Promise<void> {
  requireAdmin(ctx)
  const { channelId, confirmName, reason } = input
  await inTransaction(ctx, async (tx) => {
    const before = await lockChannel(tx, channelId)
    if (confirmName !== before.name) throw new AppError('invalid_input', { params: { field: 'confirmName' } })
    await tx.db.delete(channels).where(eq(channels.id, channelId))
    await recordAudit(tx, {
      action: 'channel.delete',
      subjectType: 'channel',
      subjectId: channelId,
      before: shown(before, before.proxySealed !== null),
      reason,
    })
  })
}

/** A model that a channel carries, and what the vendor calls it there. */
export type ModelLink = { modelId: string; vendorModel: string }

/**
 * Lets a channel carry a model, or changes what the vendor calls it there; empty is the same name.
 * @throws {AppError} `not_found` for the channel, `model_unknown`
 */
export async function linkModel(ctx: Ctx, input: ModelLink & { channelId: string }): Promise<void> {
  requireAdmin(ctx)
  const { channelId, modelId } = input
  const vendorModel = input.vendorModel || modelId
  await inTransaction(ctx, async (tx) => {
    await lockChannel(tx, channelId)
    await requireModels(tx, [{ modelId, vendorModel }])
    const written = await tx.db
      .insert(channelModels)
      .values({ channelId, modelId, vendorModel })
      .onConflictDoUpdate({
        target: [channelModels.channelId, channelModels.modelId],
        set: { vendorModel },
        setWhere: sql`${channelModels.vendorModel} <> excluded.vendor_model`,
      })
      .returning({ modelId: channelModels.modelId })
    if (written.length > 0) await auditChannel(tx, 'channel.link_model', channelId, { modelId, vendorModel })
  })
}

export const unlinkModelInput = z.object({ channelId: z.uuid(), modelId: z.string().min(1).max(200) })

/** @throws {AppError} `not_found` when the channel does not carry it */
export async function unlinkModel(ctx: Ctx, input: z.output<typeof unlinkModelInput>): Promise<void> {
  requireAdmin(ctx)
  const { channelId, modelId } = input
  await inTransaction(ctx, async (tx) => {
    await lockChannel(tx, channelId)
    const [gone] = await tx.db
      .delete(channelModels)
      .where(sql`${channelModels.channelId} = ${channelId} AND ${channelModels.modelId} = ${modelId}`)
      .returning({ vendorModel: channelModels.vendorModel })
    if (!gone) throw new AppError('not_found', { message: 'the channel does not carry this model' })
    await recordAudit(tx, {
      action: 'channel.unlink_model',
      subjectType: 'channel',
      subjectId: channelId,
      before: { modelId, ...gone },
    })
  })
}

/** The proxy's URL, with its password: never leaves the server. */
export function openProxy(sealed: Buffer | null): string | null {
  return sealed && decryptSecret(sealed, getEnv().ENCRYPTION_KEY, PROXY_PURPOSE)
}

function sealProxy(proxy: string): Buffer {
  return encryptSecret(proxy, getEnv().ENCRYPTION_KEY, PROXY_PURPOSE)
}

type Shown = {
  name: string
  vendor: string
  baseUrl: string
  priority: number
  weight: number
  ownNetwork: boolean
  headers: Record<string, string>
}

/** What of a channel may stand in the audit log: neither the proxy nor what is in the headers. */
function shown({ name, vendor, baseUrl, priority, weight, ownNetwork, headers }: Shown, hasProxy: boolean) {
  return { name, vendor, baseUrl, priority, weight, ownNetwork, hasProxy, headers: Object.keys(headers) }
}

function nameTaken(name: string): AppError {
  return new AppError('name_taken', { message: `a channel named ${name} exists`, params: { field: 'name' } })
}

function readLink(text: string): ModelLink {
  const [modelId = '', vendorModel = modelId] = text.split('=')
  return { modelId, vendorModel }
}

async function linksOfVendor(ctx: Ctx, vendor: string): Promise<ModelLink[]> {
  const own = await ctx.db.select({ id: models.id }).from(models).where(eq(models.vendor, vendor)).limit(500)
  return own.map(({ id }) => ({ modelId: id, vendorModel: id }))
}

async function requireModels(ctx: Ctx, links: readonly ModelLink[]): Promise<void> {
  if (links.length === 0) return
  const wanted = links.map((link) => link.modelId)
  const found = await ctx.db.select({ id: models.id }).from(models).where(inArray(models.id, wanted)).limit(500)
  const unknown = wanted.find((id) => !found.some((model) => model.id === id))
  if (unknown) throw new AppError('model_unknown', { message: `no model ${unknown}`, params: { modelId: unknown } })
}

function readHeaders(text: string, context: z.RefinementCtx): Record<string, string> {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const pairs = lines.map((line) => line.split(/:(.*)/s).slice(0, 2))
  if (pairs.some((pair) => pair.length < 2)) {
    context.addIssue({ code: 'custom', message: 'must be one “Name: value” in each line' })
    return z.NEVER
  }
  return Object.fromEntries(pairs.map(([name = '', value = '']) => [name.trim(), value.trim()]))
}
