import { and, eq, inArray, or, sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Transaction } from '#db/client.ts'
import { conversations, disputes, orders, users } from '#db/schema/index.ts'
import { recordAudit } from '#lib/audit.ts'
import { type Ctx, inTransaction, requireAdmin } from '#lib/ctx.ts'
import { AppError, invariant } from '#lib/errors.ts'
import { findWallet, lockWallet } from '#lib/ledger/index.ts'
import { creditsToDecimal } from '#lib/money.ts'
import { adjustWallet, listAdjustments, rejectAdjustment } from '#lib/payments/index.ts'
import { lockUser, reasonField } from '#lib/users/index.ts'

export const deletePersonInput = z.object({
  userId: z.uuid(),
  /** Typed by who deletes, so that it is not somebody else: the person's address. */
  email: z.string().trim().toLowerCase().max(254),
  reason: reasonField,
})

type TxCtx = Ctx & { db: Transaction }

/**
 * Deletes a person: the account, its sessions and every conversation, at once and for good. What concerns money stays
 * under the person's id: the wallet with its statement, receipts, orders, and the audit log. What is left in the wallet
 * is taken out with the reason, in the same commit; changes of it that wait for a second admin are refused.
 * Admins and the service only, and nobody for themselves.
 * @throws {AppError} `not_found`; `own_account`; `last_admin`; `invalid_input` {email} when the address is another;
 * `answers_running` while a call holds credits; `payments_open` while a payment or a dispute is under way;
 * `approval_needed` when more is left than one admin may take
 */
export async function deletePerson(ctx: Ctx, input: z.input<typeof deletePersonInput>): Promise<void> {
  requireAdmin(ctx)
  const { userId, email, reason } = deletePersonInput.parse(input)
  if (ctx.actor.type === 'user' && ctx.actor.userId === userId) throw new AppError('own_account')
  await inTransaction(ctx, async (tx) => {
    // Person, conversations, wallet: whoever begins an answer takes them in this order.
    const { user, isLastAdmin } = await lockUser(tx, { userId })
    if (isLastAdmin) throw new AppError('last_admin')
    if (email !== user.email.toLowerCase()) throw new AppError('invalid_input', { params: { field: 'email' } })
    await requireNoPayments(tx, userId)
    await lockConversations(tx, userId)
    const takenMicros = await emptyWallet(tx, { userId, reason })
    await tx.db.delete(users).where(eq(users.id, userId))
    await recordAudit(tx, {
      action: 'user.delete',
      subjectType: 'user',
      subjectId: userId,
      before: { email: user.email, name: user.name, role: user.role, status: user.status },
      after: { takenCredits: creditsToDecimal(takenMicros) },
      reason,
    })
  })
}

/** Money that is on its way would come into a wallet of nobody's. */
async function requireNoPayments(ctx: TxCtx, userId: string): Promise<void> {
  const [order] = await ctx.db
    .select({ reference: orders.reference })
    .from(orders)
    .leftJoin(disputes, and(eq(disputes.orderId, orders.id), inArray(disputes.state, ['inquiry', 'open'])))
    .where(
      and(
        eq(orders.userId, userId),
        or(inArray(orders.state, ['open', 'pending', 'review']), sql`${disputes.id} IS NOT NULL`),
      ),
    )
    .limit(1)
  if (order) throw new AppError('payments_open', { params: { reference: order.reference } })
}

async function lockConversations(ctx: TxCtx, userId: string): Promise<void> {
  await ctx.db
    .select({ id: conversations.id })
    .from(conversations)
    .where(eq(conversations.userId, userId))
    .orderBy(conversations.id)
    .for('update')
}

async function emptyWallet(ctx: TxCtx, { userId, reason }: { userId: string; reason: string }): Promise<bigint> {
  const wallet = await findWallet(ctx, { ownerType: 'user', ownerId: userId })
  invariant(wallet, 'a person has a wallet')
  for (;;) {
    const { items } = await listAdjustments(ctx, { walletId: wallet.id, state: 'waiting' })
    if (items.length === 0) break
    for (const { id } of items) await rejectAdjustment(ctx, { adjustmentId: id, reason })
  }
  const { freeMicros } = await lockWallet(ctx, { walletId: wallet.id })
  const locked = await findWallet(ctx, { ownerType: 'user', ownerId: userId })
  if (!locked || locked.openHolds > 0) throw new AppError('answers_running')
  if (freeMicros === 0n) return 0n
  const taken = await adjustWallet(ctx, {
    kind: 'adjustment',
    ownerType: 'user',
    ownerId: userId,
    amountMicros: -freeMicros,
    reason,
    idempotencyKey: `delete-person:${userId}`,
  }).catch((error: unknown) => {
    throw error instanceof AppError && error.code === 'forbidden' ? new AppError('approval_needed') : error
  })
  if (taken.state !== 'posted') throw new AppError('approval_needed')
  return freeMicros
}
