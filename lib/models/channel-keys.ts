import { and, asc, eq, ne, sql } from 'drizzle-orm'
import { z } from 'zod'
import { channelKeys, channels } from '#db/schema/index.ts'
import { recordAudit } from '#lib/audit.ts'
import { decryptSecret, encryptSecret } from '#lib/crypto.ts'
import { type Ctx, inTransaction, requireAdmin, systemCtx } from '#lib/ctx.ts'
import { getEnv } from '#lib/env.ts'
import { AppError } from '#lib/errors.ts'
import { newId } from '#lib/id.ts'
import { KEY_PURPOSE, vendorKey } from './channel-fields.ts'

/** Keys of one channel at most. */
const KEYS_MAX = 50

export const addKeyInput = z.object({ channelId: z.uuid(), key: vendorKey })

/**
 * Adds a key to a channel's pool. It is stored encrypted and shown to nobody again, but for its last four characters.
 * @throws {AppError} `not_found` for the channel, `key_known` when the pool has it, `conflict` when the pool is full
 */
export async function addKey(ctx: Ctx, input: z.output<typeof addKeyInput>): Promise<{ keyId: string }> {
  requireAdmin(ctx)
  const { channelId, key } = input
  return inTransaction(ctx, async (tx) => {
    await lockChannel(tx, channelId)
    const known = await tx.db
      .select({ sealed: channelKeys.keySealed })
      .from(channelKeys)
      .where(eq(channelKeys.channelId, channelId))
      .limit(KEYS_MAX)
    if (known.length >= KEYS_MAX) throw new AppError('conflict', { message: 'the pool is full' })
    if (known.some(({ sealed }) => opens(sealed) === key)) throw new AppError('key_known', { params: { field: 'key' } })
    const keyId = await insertKey(tx, channelId, key)
    await auditChannel(tx, 'channel_key.add', channelId, { keyId, hint: hintOf(key) })
    return { keyId }
  })
}

export const setKeyStatusInput = z.object({
  channelId: z.uuid(),
  keyId: z.uuid(),
  status: z.enum(['active', 'disabled']),
})

/**
 * Takes a key out of use, or lets it be tried again, a refused one too. The same again changes nothing.
 * @throws {AppError} `not_found` when the channel has no such key
 */
export async function setKeyStatus(ctx: Ctx, input: z.output<typeof setKeyStatusInput>): Promise<void> {
  requireAdmin(ctx)
  const { channelId, keyId, status } = input
  await inTransaction(ctx, async (tx) => {
    const key = await lockKey(tx, channelId, keyId)
    if (key.status === status) return
    await tx.db
      .update(channelKeys)
      .set({ status, refusedAt: null, refusedStatus: null })
      .where(eq(channelKeys.id, keyId))
    const action = status === 'active' ? 'channel_key.enable' : 'channel_key.disable'
    await auditChannel(tx, action, channelId, { keyId, hint: key.hint, status }, { status: key.status })
  })
}

export const removeKeyInput = z.object({ channelId: z.uuid(), keyId: z.uuid() })

/**
 * Takes a key out of the pool for good; it is not kept anywhere.
 * @throws {AppError} `not_found` when the channel has no such key (any more)
 */
export async function removeKey(ctx: Ctx, input: z.output<typeof removeKeyInput>): Promise<void> {
  requireAdmin(ctx)
  const { channelId, keyId } = input
  await inTransaction(ctx, async (tx) => {
    const key = await lockKey(tx, channelId, keyId)
    await tx.db.delete(channelKeys).where(eq(channelKeys.id, keyId))
    await auditChannel(tx, 'channel_key.remove', channelId, { keyId }, { hint: key.hint, status: key.status })
  })
}

/** What a vendor said of a key: taken, or refused with this HTTP status. */
export type KeyVerdict = { status: 'active' } | { status: 'refused'; httpStatus: number | null }

/**
 * Notes that a vendor refused a key, or takes it again; what the operator disabled stays so. Only a change is written
 * and audited, however many calls notice it at once; the service did it, whosever call it was.
 * @returns true when it was a change
 */
export async function markKey(ctx: Ctx, { keyId, ...verdict }: { keyId: string } & KeyVerdict): Promise<boolean> {
  const refused = verdict.status === 'refused'
  return inTransaction(systemCtx('channel-health', ctx.db), async (tx) => {
    const [changed] = await tx.db
      .update(channelKeys)
      .set({
        status: verdict.status,
        refusedAt: refused ? sql`now()` : null,
        refusedStatus: refused ? verdict.httpStatus : null,
      })
      .where(and(eq(channelKeys.id, keyId), eq(channelKeys.status, refused ? 'active' : 'refused')))
      .returning({ channelId: channelKeys.channelId, hint: channelKeys.hint })
    if (!changed) return false
    const after = { keyId, hint: changed.hint, ...(refused ? { httpStatus: verdict.httpStatus } : {}) }
    await auditChannel(tx, refused ? 'channel_key.refused' : 'channel_key.accepted', changed.channelId, after)
    return true
  })
}

/** Notes how a call made to try a key ended. @param outcome `ok`, or a code of ours */
export async function noteKeyTest(
  ctx: Ctx,
  { keyId, outcome, firstTokenMs }: { keyId: string; outcome: string; firstTokenMs: number | null },
): Promise<void> {
  await ctx.db
    .update(channelKeys)
    .set({ testedAt: sql`now()`, testOutcome: outcome, testFirstTokenMs: firstTokenMs })
    .where(eq(channelKeys.id, keyId))
}

/** Stores a key of a channel, encrypted. */
export async function insertKey(ctx: Ctx, channelId: string, key: string): Promise<string> {
  const id = newId()
  const keySealed = encryptSecret(key, getEnv().ENCRYPTION_KEY, KEY_PURPOSE)
  await ctx.db.insert(channelKeys).values({ id, channelId, keySealed, hint: hintOf(key) })
  return id
}

/**
 * The keys of a pool, opened: for the calls that try them. Refused ones count, disabled ones only when asked for by id.
 * Never leaves the server. Admins and the service only.
 */
export async function openKeys(
  ctx: Ctx,
  { channelId, keyId }: { channelId: string; keyId?: string },
): Promise<{ keyId: string; hint: string; key: string; keyStatus: 'active' | 'refused' | 'disabled' }[]> {
  requireAdmin(ctx)
  const rows = await ctx.db
    .select({
      keyId: channelKeys.id,
      hint: channelKeys.hint,
      sealed: channelKeys.keySealed,
      keyStatus: channelKeys.status,
    })
    .from(channelKeys)
    .where(
      and(eq(channelKeys.channelId, channelId), keyId ? eq(channelKeys.id, keyId) : ne(channelKeys.status, 'disabled')),
    )
    .orderBy(asc(channelKeys.status), asc(channelKeys.id))
    .limit(KEYS_MAX)
  return rows.flatMap(({ sealed, ...row }) => {
    const key = opens(sealed)
    return key === null ? [] : [{ ...row, key }]
  })
}

// Enough to tell keys apart, and of a short one nothing.
function hintOf(key: string): string {
  return key.length < 12 ? '' : key.slice(-4)
}

function opens(sealed: Buffer): string | null {
  try {
    return decryptSecret(sealed, getEnv().ENCRYPTION_KEY, KEY_PURPOSE)
  } catch {
    return null
  }
}

/** Locks a channel, so that what belongs to it changes one after the other. */
export async function lockChannel(ctx: Ctx, channelId: string) {
  const [channel] = await ctx.db.select().from(channels).where(eq(channels.id, channelId)).for('update')
  if (!channel) throw new AppError('not_found', { message: 'no such channel' })
  return channel
}

async function lockKey(ctx: Ctx, channelId: string, keyId: string) {
  const [key] = await ctx.db
    .select({ hint: channelKeys.hint, status: channelKeys.status })
    .from(channelKeys)
    .where(and(eq(channelKeys.id, keyId), eq(channelKeys.channelId, channelId)))
    .for('update')
  if (!key) throw new AppError('not_found', { message: 'no such key' })
  return key
}

/** Puts on record what was done to a channel or to what belongs to it. */
export function auditChannel(
  ctx: Ctx,
  action: string,
  channelId: string,
  after: Record<string, unknown>,
  before?: Record<string, unknown>,
): Promise<void> {
  return recordAudit(ctx, { action, subjectType: 'channel', subjectId: channelId, before, after })
}
