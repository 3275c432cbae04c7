import { and, desc, eq, isNull, lt, sql } from 'drizzle-orm'
import { z } from 'zod'
import { accounts, adjustments, users } from '#db/schema/index.ts'
import { actorName, recordAudit } from '#lib/audit.ts'
import { canonicalJson, equalBytes, sha256 } from '#lib/crypto.ts'
import { type Ctx, inTransaction, requireAdmin, type UserActor } from '#lib/ctx.ts'
import { AppError, invariant } from '#lib/errors.ts'
import { newId } from '#lib/id.ts'
import { findWallet, HOUSE, postTransfer } from '#lib/ledger/index.ts'
import { creditsToDecimal } from '#lib/money.ts'
import { pageOf } from '#lib/page.ts'
import { getSetting } from '#lib/settings/index.ts'
import { reasonField } from '#lib/users/index.ts'

type Adjustment = typeof adjustments.$inferSelect

const adjustWalletInput = z
  .object({
    /** A grant is a gift of the house; an adjustment puts something right, in either direction. */
    kind: z.enum(['grant', 'adjustment']),
    ownerType: z.enum(['user', 'team']),
    ownerId: z.uuid(),
    /** Added to the wallet, or taken from it when negative. */
    amountMicros: z.bigint(),
    reason: reasonField,
    /** When what is left of added credits expires; never unless told. */
    lotExpiresAt: z.date().optional(),
    /** The same key again is the same change. */
    idempotencyKey: z.string().min(1).max(150),
  })
  .refine(({ amountMicros }) => amountMicros !== 0n, { message: 'must not be zero', path: ['amountMicros'] })
  .refine(({ kind, amountMicros }) => kind === 'adjustment' || amountMicros > 0n, {
    message: 'a grant adds',
    path: ['amountMicros'],
  })
  .refine(({ amountMicros, lotExpiresAt }) => !lotExpiresAt || amountMicros > 0n, {
    message: 'only credits that are added can expire',
    path: ['lotExpiresAt'],
  })

export type AdjustWalletInput = z.input<typeof adjustWalletInput>

export type AdjustmentState = Adjustment['state']

/** How a change stands: `transferId` once it is posted; `replayed` when this call changed nothing. */
export type AdjustmentResult = {
  adjustmentId: string
  state: AdjustmentState
  transferId: string | null
  replayed: boolean
}

/**
 * Changes what a wallet holds by the hand of an operator, with the transfer and its line in the audit log in one commit.
 * Above the setting `adjustment_approval_above_micros` nothing moves: the change waits for another admin.
 * Credits that are added are promotional: no money came in for them, so none can be asked back. What is taken comes out
 * of the lots in their usual order, and never more than is free. Admins and the service only.
 * @throws {AppError} `not_found` when there is no such wallet, `insufficient_credits`, `conflict` when the key was used
 * for another change, `invalid_input` {field} for an expiry in the past, `forbidden` when it needs a second admin and
 * the first is not a person
 */
export async function adjustWallet(ctx: Ctx, input: AdjustWalletInput): Promise<AdjustmentResult> {
  requireAdmin(ctx)
  const { idempotencyKey, ...change } = adjustWalletInput.parse(input)
  return inTransaction(ctx, async (tx) => {
    const wallet = await findWallet(tx, change)
    if (!wallet) throw new AppError('not_found', { message: 'there is no such wallet' })
    const requestHash = sha256(canonicalJson(change))
    const [row] = await tx.db
      .insert(adjustments)
      .values({
        id: newId(),
        kind: change.kind,
        walletId: wallet.id,
        amountMicros: change.amountMicros,
        lotExpiresAt: change.lotExpiresAt,
        reason: change.reason,
        idempotencyKey,
        requestHash,
        state: 'waiting',
        requestedBy: actorName(tx.actor),
        requestedByUserId: personOf(tx)?.userId,
      })
      .onConflictDoNothing({ target: adjustments.idempotencyKey })
      .returning()
    if (!row) return replayOf(tx, { idempotencyKey, requestHash })
    await requireFutureExpiry(tx, row)
    if (await needsSecondAdmin(tx, row.amountMicros)) {
      if (!row.requestedByUserId) {
        throw new AppError('forbidden', {
          message: 'a change of this size needs two admins: name the first one',
        })
      }
      await recordChange(tx, row, 'adjustment.request')
      return { adjustmentId: row.id, state: 'waiting', transferId: null, replayed: false }
    }
    const { transferId, replayed } = await post(tx, row)
    await tx.db.update(adjustments).set({ state: 'posted', transferId }).where(eq(adjustments.id, row.id))
    // A grant of a release that kept no such rows is on record already.
    if (!replayed) {
      await recordChange(tx, row, row.kind === 'grant' ? 'credits.grant' : 'credits.adjust', { transferId })
    }
    return { adjustmentId: row.id, state: 'posted', transferId, replayed }
  })
}

const approveAdjustmentInput = z.object({ adjustmentId: z.uuid() })

/**
 * Lets a waiting change pass: posts its transfer and its line in the audit log in one commit. Only an admin who is not
 * the one who asked; whoever has approved it may do so again, which changes nothing.
 * @throws {AppError} `not_found`; `forbidden` for the one who asked, for the service and for whoever is no admin;
 * `conflict` when it was decided already or its expiry has passed; `insufficient_credits`, and it goes on waiting
 */
export async function approveAdjustment(
  ctx: Ctx,
  input: z.input<typeof approveAdjustmentInput>,
): Promise<AdjustmentResult> {
  const approver = requireAdminPerson(ctx)
  const { adjustmentId } = approveAdjustmentInput.parse(input)
  return inTransaction(ctx, async (tx) => {
    const row = await lockAdjustment(tx, adjustmentId)
    if (row.requestedByUserId === approver.userId) {
      throw new AppError('forbidden', { message: 'another admin than the one who asked must approve this' })
    }
    if (row.state === 'posted' && row.decidedByUserId === approver.userId) return resultOf(row, true)
    if (row.state !== 'waiting') throw decidedAlready(row)
    await requireFutureExpiry(tx, row)
    const { transferId } = await post(tx, row)
    await decide(tx, row, { state: 'posted', transferId })
    await recordChange(tx, row, 'adjustment.approve', { transferId })
    return { adjustmentId, state: 'posted', transferId, replayed: false }
  })
}

const rejectAdjustmentInput = z.object({ adjustmentId: z.uuid(), reason: reasonField })

/**
 * Refuses a waiting change, or takes one's own back; nothing will move. Again by the same admin it changes nothing.
 * Admins and the service only.
 * @throws {AppError} `not_found`; `conflict` when it was decided already
 */
export async function rejectAdjustment(
  ctx: Ctx,
  input: z.input<typeof rejectAdjustmentInput>,
): Promise<AdjustmentResult> {
  requireAdmin(ctx)
  const { adjustmentId, reason } = rejectAdjustmentInput.parse(input)
  return inTransaction(ctx, async (tx) => {
    const row = await lockAdjustment(tx, adjustmentId)
    if (row.state === 'rejected' && row.decidedBy === actorName(tx.actor)) return resultOf(row, true)
    if (row.state !== 'waiting') throw decidedAlready(row)
    await decide(tx, row, { state: 'rejected', transferId: null })
    await recordChange(tx, row, 'adjustment.reject', { decision: reason })
    return { adjustmentId, state: 'rejected', transferId: null, replayed: false }
  })
}

const listAdjustmentsInput = z.object({
  state: z.enum(['waiting', 'posted', 'rejected']).optional(),
  /** Only changes of this wallet. */
  walletId: z.uuid().optional(),
  limit: z.number().int().min(1).max(200).default(50),
  /** Id of the last one of the page before. */
  before: z.uuid().optional(),
})

export type AdjustmentListItem = Pick<
  Adjustment,
  | 'id'
  | 'kind'
  | 'walletId'
  | 'amountMicros'
  | 'lotExpiresAt'
  | 'reason'
  | 'state'
  | 'requestedBy'
  | 'requestedByUserId'
  | 'decidedBy'
  | 'decidedAt'
  | 'transferId'
  | 'createdAt'
> & {
  ownerType: 'user' | 'team' | null
  ownerId: string | null
  /** Null for teams. */
  ownerEmail: string | null
  requestedByEmail: string | null
  decidedByEmail: string | null
}

/** A page of operators' changes, newest first; `nextBefore` begins the next page. Admins and the service only. */
export async function listAdjustments(
  ctx: Ctx,
  input: z.input<typeof listAdjustmentsInput> = {},
): Promise<{ items: AdjustmentListItem[]; nextBefore: string | null }> {
  requireAdmin(ctx)
  const { state, walletId, limit, before } = listAdjustmentsInput.parse(input)
  const emailOf = (
    userId: typeof accounts.ownerId | typeof adjustments.requestedByUserId | typeof adjustments.decidedByUserId,
  ) => sql<string | null>`(SELECT ${users.email} FROM ${users} WHERE ${users.id} = ${userId})`
  const rows = await ctx.db
    .select({
      id: adjustments.id,
      kind: adjustments.kind,
      walletId: adjustments.walletId,
      amountMicros: adjustments.amountMicros,
      lotExpiresAt: adjustments.lotExpiresAt,
      reason: adjustments.reason,
      state: adjustments.state,
      requestedBy: adjustments.requestedBy,
      requestedByUserId: adjustments.requestedByUserId,
      decidedBy: adjustments.decidedBy,
      decidedAt: adjustments.decidedAt,
      transferId: adjustments.transferId,
      createdAt: adjustments.createdAt,
      ownerType: accounts.ownerType,
      ownerId: accounts.ownerId,
      ownerEmail: emailOf(accounts.ownerId),
      requestedByEmail: emailOf(adjustments.requestedByUserId),
      decidedByEmail: emailOf(adjustments.decidedByUserId),
    })
    .from(adjustments)
    .innerJoin(accounts, eq(accounts.id, adjustments.walletId))
    .where(
      and(
        state && eq(adjustments.state, state),
        walletId ? eq(adjustments.walletId, walletId) : undefined,
        before ? lt(adjustments.id, before) : undefined,
      ),
    )
    .orderBy(desc(adjustments.id))
    .limit(limit + 1)
  const { items, next } = pageOf(rows, limit, ({ id }) => id)
  return { items, nextBefore: next }
}

/** Moves what an adjustment says, once: its key is the adjustment's. */
function post(ctx: Ctx, row: Adjustment): Promise<{ transferId: string; replayed: boolean }> {
  const adds = row.amountMicros > 0n
  const house = row.kind === 'grant' ? HOUSE.promotions : HOUSE.adjustments
  return postTransfer(ctx, {
    kind: row.kind,
    debitAccountId: adds ? house : row.walletId,
    creditAccountId: adds ? row.walletId : house,
    amountMicros: adds ? row.amountMicros : -row.amountMicros,
    idempotencyKey: `${row.kind}:${row.idempotencyKey}`,
    reason: row.reason,
    lot: adds ? { source: 'promotional', expiresAt: row.lotExpiresAt ?? undefined } : undefined,
  })
}

async function decide(
  ctx: Ctx,
  row: Adjustment,
  outcome: { state: 'posted' | 'rejected'; transferId: string | null },
): Promise<void> {
  const decided = await ctx.db
    .update(adjustments)
    .set({
      ...outcome,
      decidedBy: actorName(ctx.actor),
      decidedByUserId: personOf(ctx)?.userId ?? null,
      decidedAt: sql`now()`,
    })
    .where(and(eq(adjustments.id, row.id), eq(adjustments.state, 'waiting'), isNull(adjustments.decidedBy)))
    .returning({ id: adjustments.id })
  invariant(decided.length === 1, 'a waiting adjustment that is locked is decided once')
}

async function recordChange(
  ctx: Ctx,
  row: Adjustment,
  action: string,
  more: { transferId?: string; decision?: string } = {},
): Promise<void> {
  const [account] = await ctx.db
    .select({ ownerType: accounts.ownerType, ownerId: accounts.ownerId })
    .from(accounts)
    .where(eq(accounts.id, row.walletId))
  invariant(account?.ownerType && account.ownerId, 'a wallet has an owner')
  const { decision, ...posted } = more
  await recordAudit(ctx, {
    action,
    subjectType: account.ownerType,
    subjectId: account.ownerId,
    after: { credits: creditsToDecimal(row.amountMicros), adjustmentId: row.id, ...posted },
    reason: decision ?? row.reason,
  })
}

async function replayOf(
  ctx: Ctx,
  { idempotencyKey, requestHash }: { idempotencyKey: string; requestHash: Buffer },
): Promise<AdjustmentResult> {
  const [known] = await ctx.db.select().from(adjustments).where(eq(adjustments.idempotencyKey, idempotencyKey))
  invariant(known, 'a key that is taken has its adjustment')
  if (!equalBytes(known.requestHash, requestHash)) throw new AppError('conflict')
  return resultOf(known, true)
}

async function lockAdjustment(ctx: Ctx, adjustmentId: string): Promise<Adjustment> {
  const [row] = await ctx.db.select().from(adjustments).where(eq(adjustments.id, adjustmentId)).for('update')
  if (!row) throw new AppError('not_found', { message: `there is no adjustment ${adjustmentId}` })
  return row
}

async function needsSecondAdmin(ctx: Ctx, amountMicros: bigint): Promise<boolean> {
  const above = await getSetting(ctx, 'adjustment_approval_above_micros')
  if (above === null) return false
  return (amountMicros < 0n ? -amountMicros : amountMicros) > BigInt(above)
}

/** Credits that come in expired would only cross the statement. */
async function requireFutureExpiry(ctx: Ctx, row: Adjustment): Promise<void> {
  if (!row.lotExpiresAt) return
  const [past] = await ctx.db
    .select({ id: adjustments.id })
    .from(adjustments)
    .where(and(eq(adjustments.id, row.id), sql`${adjustments.lotExpiresAt} <= now()`))
  if (past) {
    throw new AppError('invalid_input', { message: 'the expiry is in the past', params: { field: 'lotExpiresAt' } })
  }
}

function resultOf(row: Adjustment, replayed: boolean): AdjustmentResult {
  return { adjustmentId: row.id, state: row.state, transferId: row.transferId, replayed }
}

function decidedAlready(row: Adjustment): AppError {
  return new AppError('conflict', { message: `this was ${row.state} before` })
}

function personOf(ctx: Ctx): UserActor | null {
  return ctx.actor.type === 'user' ? ctx.actor : null
}

function requireAdminPerson(ctx: Ctx): UserActor {
  requireAdmin(ctx)
  const person = personOf(ctx)
  if (!person) throw new AppError('forbidden', { message: 'an admin must approve this in person' })
  return person
}
