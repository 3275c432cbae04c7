import { and, count, desc, eq, inArray, isNull, lt, sql } from 'drizzle-orm'
import { z } from 'zod'
import { codeBatches, redemptionCodes, redemptions, transfers } from '#db/schema/index.ts'
import { actorName, recordAudit } from '#lib/audit.ts'
import { type Ctx, inTransaction, requireAdmin, requireUser } from '#lib/ctx.ts'
import { AppError, invariant } from '#lib/errors.ts'
import { newId } from '#lib/id.ts'
import { findWallet, HOUSE, postTransfer } from '#lib/ledger/index.ts'
import { creditsToDecimal } from '#lib/money.ts'
import { pageOf } from '#lib/page.ts'
import { consumeLimit, type RateLimit, refundLimit } from '#lib/rate-limit.ts'
import { hashCode, hintOf, newCodeText, readCodeText } from './code-text.ts'

type Batch = typeof codeBatches.$inferSelect

/** Codes made at once; they are sent to the database in pieces. */
const CODES_MAX = 10_000
const PIECE = 1_000

/** Wrong codes by one person; right ones do not count. */
const WRONG_CODES: RateLimit = { name: 'redeem-code', points: 5, seconds: 900 }

const createCodesInput = z.object({
  /** What the operator calls the batch. */
  name: z.string().trim().min(1).max(100),
  /** What each redemption gives. */
  creditsMicros: z.bigint().positive().max(1_000_000_000_000n),
  count: z.number().int().min(1).max(CODES_MAX),
  /** How many people may redeem one code. */
  usesPerCode: z.number().int().min(1).max(1_000_000).default(1),
  /** How many codes of the batch one person may redeem. */
  codesPerPerson: z.number().int().min(1).max(CODES_MAX).default(1),
  /** No code is redeemed from then on. */
  redeemBefore: z.date().optional(),
  /** Days from the redemption until what is left of its credits expires. */
  creditsLastDays: z.number().int().min(1).max(3_650).optional(),
})

export type CreateCodesInput = z.input<typeof createCodesInput>

/**
 * Makes a batch of redemption codes, with its line in the audit log. Their texts are returned here and nowhere else: only
 * their hashes are kept. Admins and the service only.
 * @throws {AppError} `invalid_input` {field} for an end in the past
 */
export async function createCodes(ctx: Ctx, input: CreateCodesInput): Promise<{ batchId: string; codes: string[] }> {
  requireAdmin(ctx)
  const { count: wanted, ...terms } = createCodesInput.parse(input)
  const codes = Array.from({ length: wanted }, newCodeText)
  return inTransaction(ctx, async (tx) => {
    const batchId = newId()
    const [batch] = await tx.db
      .insert(codeBatches)
      .values({ id: batchId, ...terms, createdBy: actorName(tx.actor) })
      .returning({ isOver: sql<boolean>`coalesce(${codeBatches.redeemBefore} <= now(), false)` })
    if (batch!.isOver) {
      throw new AppError('invalid_input', { message: 'the end is in the past', params: { field: 'redeemBefore' } })
    }
    const rows = codes.map((code, index) => ({ hash: hashCode(digitsOf(code)), batchId, number: index + 1 }))
    for (let from = 0; from < rows.length; from += PIECE) {
      await tx.db.insert(redemptionCodes).values(rows.slice(from, from + PIECE))
    }
    await recordAudit(tx, {
      action: 'codes.create',
      subjectType: 'code_batch',
      subjectId: batchId,
      after: { name: terms.name, count: wanted, credits: creditsToDecimal(terms.creditsMicros) },
    })
    return { batchId, codes }
  })
}

export const redeemCodeInput = z.object({ code: z.string().max(200) })

/** What a code gave: the entry of the wallet's statement by its number; `replayed` when the person had it before. */
export type Redeemed = { creditsMicros: bigint; seq: bigint; replayed: boolean }

/**
 * Gives the person what a code is worth, once: the same code again changes nothing and gives the same answer. Not inside
 * a transaction: tries with codes that do not exist are counted.
 * @throws {AppError} `code_mistyped` (no code can be that), `code_unknown`, `code_revoked`, `code_expired`, `code_used`
 * (by others, as often as it may be), `code_limit` {limit} (of this batch the person has redeemed enough), `rate_limited`
 */
export async function redeemCode(ctx: Ctx, input: z.input<typeof redeemCodeInput>): Promise<Redeemed> {
  const { userId } = requireUser(ctx)
  const digits = readCodeText(redeemCodeInput.parse(input).code)
  if (digits === null) throw new AppError('code_mistyped')
  await consumeLimit(ctx, WRONG_CODES, userId)
  try {
    const redeemed = await inTransaction(ctx, (tx) => redeem(tx, { userId, digits }))
    await refundLimit(ctx, WRONG_CODES, userId)
    return redeemed
  } catch (error) {
    // Who has a code that there is does not guess.
    if (!(error instanceof AppError) || error.code !== 'code_unknown') await refundLimit(ctx, WRONG_CODES, userId)
    throw error
  }
}

async function redeem(ctx: Ctx, { userId, digits }: { userId: string; digits: string }): Promise<Redeemed> {
  const hash = hashCode(digits)
  const [code] = await ctx.db
    .select({
      batch: codeBatches,
      uses: redemptionCodes.uses,
      revoked: sql<boolean>`num_nonnulls(${redemptionCodes.revokedAt}, ${codeBatches.revokedAt}) > 0`,
      isOver: sql<boolean>`coalesce(${codeBatches.redeemBefore} <= now(), false)`,
      creditsExpireAt: sql<string | null>`(now() + ${codeBatches.creditsLastDays} * interval '1 day')::text`,
    })
    .from(redemptionCodes)
    .innerJoin(codeBatches, eq(codeBatches.id, redemptionCodes.batchId))
    .where(eq(redemptionCodes.hash, hash))
    .for('update', { of: redemptionCodes })
  if (!code) throw new AppError('code_unknown')
  const { batch } = code
  const before = await findRedemption(ctx, { hash, userId })
  if (before) return { ...before, replayed: true }
  if (code.revoked) throw new AppError('code_revoked')
  if (code.isOver) throw new AppError('code_expired')
  if (code.uses >= batch.usesPerCode) throw new AppError('code_used')

  const wallet = await findWallet(ctx, { ownerType: 'user', ownerId: userId })
  invariant(wallet, 'a person has a wallet')
  const { transferId } = await postTransfer(ctx, {
    kind: 'redemption',
    debitAccountId: HOUSE.promotions,
    creditAccountId: wallet.id,
    amountMicros: batch.creditsMicros,
    idempotencyKey: `redemption:${hash.toString('hex')}:${userId}`,
    externalRef: hintOf(digits),
    lot: { source: 'code', expiresAt: code.creditsExpireAt === null ? undefined : new Date(code.creditsExpireAt) },
  })
  // Only now, under the wallet's lock: two codes of a batch at once are counted one after the other.
  const [had] = await ctx.db
    .select({ codes: count() })
    .from(redemptions)
    .where(and(eq(redemptions.batchId, batch.id), eq(redemptions.userId, userId)))
  const ordinal = had!.codes + 1
  if (ordinal > batch.codesPerPerson) throw new AppError('code_limit', { params: { limit: batch.codesPerPerson } })
  await ctx.db.insert(redemptions).values({ batchId: batch.id, userId, ordinal, codeHash: hash, transferId })
  await ctx.db
    .update(redemptionCodes)
    .set({ uses: sql`${redemptionCodes.uses} + 1` })
    .where(eq(redemptionCodes.hash, hash))
  const redeemed = await findRedemption(ctx, { hash, userId })
  invariant(redeemed, 'what was redeemed just now is there')
  return { ...redeemed, replayed: false }
}

async function findRedemption(ctx: Ctx, { hash, userId }: { hash: Buffer; userId: string }) {
  const [found] = await ctx.db
    .select({ creditsMicros: transfers.amountMicros, seq: transfers.creditSeq })
    .from(redemptions)
    .innerJoin(transfers, eq(transfers.id, redemptions.transferId))
    .where(and(eq(redemptions.codeHash, hash), eq(redemptions.userId, userId)))
  return found ? { creditsMicros: found.creditsMicros, seq: found.seq! } : null
}

const revokeCodesInput = z.object({
  batchId: z.uuid(),
  /** One code of the batch, by its number; without it all of them. */
  number: z.number().int().min(1).optional(),
  reason: z.string().trim().min(3, 'must have at least 3 characters').max(500),
})

/**
 * Revokes a batch of codes, or one code of it: nobody can redeem it any more. What was redeemed stays. Again it changes
 * nothing. Admins and the service only.
 * @returns whether this call revoked something
 * @throws {AppError} `not_found`
 */
export async function revokeCodes(ctx: Ctx, input: z.input<typeof revokeCodesInput>): Promise<{ revoked: boolean }> {
  requireAdmin(ctx)
  const { batchId, number, reason } = revokeCodesInput.parse(input)
  return inTransaction(ctx, async (tx) => {
    const which =
      number === undefined
        ? eq(redemptionCodes.batchId, batchId)
        : and(eq(redemptionCodes.batchId, batchId), eq(redemptionCodes.number, number))
    const [known] = await tx.db.select({ number: redemptionCodes.number }).from(redemptionCodes).where(which).limit(1)
    if (!known) throw new AppError('not_found', { message: 'there is no such code or batch' })
    const changed =
      number === undefined
        ? await tx.db
            .update(codeBatches)
            .set({ revokedAt: sql`now()` })
            .where(and(eq(codeBatches.id, batchId), isNull(codeBatches.revokedAt)))
            .returning({ id: codeBatches.id })
        : await tx.db
            .update(redemptionCodes)
            .set({ revokedAt: sql`now()` })
            .where(and(which, isNull(redemptionCodes.revokedAt)))
            .returning({ id: redemptionCodes.batchId })
    if (changed.length === 0) return { revoked: false }
    await recordAudit(tx, {
      action: 'codes.revoke',
      subjectType: 'code_batch',
      subjectId: batchId,
      after: number === undefined ? {} : { number },
      reason,
    })
    return { revoked: true }
  })
}

const listCodeBatchesInput = z.object({
  limit: z.number().int().min(1).max(200).default(50),
  /** Id of the last one of the page before. */
  before: z.uuid().optional(),
})

export type CodeBatch = Omit<Batch, 'createdBy'> & {
  codes: number
  revokedCodes: number
  /** How often its codes were redeemed, and by how many people. */
  redemptions: number
  people: number
}

/** A page of batches of codes, newest first; `nextBefore` begins the next page. Admins and the service only. */
export async function listCodeBatches(
  ctx: Ctx,
  input: z.input<typeof listCodeBatchesInput> = {},
): Promise<{ items: CodeBatch[]; nextBefore: string | null }> {
  requireAdmin(ctx)
  const { limit, before } = listCodeBatchesInput.parse(input)
  const rows = await ctx.db
    .select()
    .from(codeBatches)
    .where(before ? lt(codeBatches.id, before) : undefined)
    .orderBy(desc(codeBatches.id))
    .limit(limit + 1)
  const { items, next } = pageOf(rows, limit, ({ id }) => id)
  return { items: await countBatches(ctx, items), nextBefore: next }
}

/** Batches with how many codes they have, and how often those were redeemed by how many. */
export async function countBatches(ctx: Ctx, batches: readonly Batch[]): Promise<CodeBatch[]> {
  const ids = batches.map(({ id }) => id)
  const codes = await ctx.db
    .select({ batchId: redemptionCodes.batchId, codes: count(), revokedCodes: count(redemptionCodes.revokedAt) })
    .from(redemptionCodes)
    .where(inArray(redemptionCodes.batchId, ids))
    .groupBy(redemptionCodes.batchId)
  const redeemed = await ctx.db
    .select({
      batchId: redemptions.batchId,
      redemptions: count(),
      people: sql<number>`count(DISTINCT ${redemptions.userId})::int`,
    })
    .from(redemptions)
    .where(inArray(redemptions.batchId, ids))
    .groupBy(redemptions.batchId)
  return batches.map(({ createdBy: _createdBy, ...batch }) => {
    const made = codes.find(({ batchId }) => batchId === batch.id)
    const used = redeemed.find(({ batchId }) => batchId === batch.id)
    return {
      ...batch,
      codes: made?.codes ?? 0,
      revokedCodes: made?.revokedCodes ?? 0,
      redemptions: used?.redemptions ?? 0,
      people: used?.people ?? 0,
    }
  })
}

function digitsOf(code: string): string {
  const digits = readCodeText(code)
  invariant(digits, 'a code that was made can be read')
  return digits
}
