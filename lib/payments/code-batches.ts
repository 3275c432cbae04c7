import { and, desc, eq, gt, lt, sql } from 'drizzle-orm'
import { z } from 'zod'
import { codeBatches, redemptionCodes, redemptions, transfers, users } from '#db/schema/index.ts'
import { type Ctx, requireAdmin } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'
import { pageOf } from '#lib/page.ts'
import { type CodeBatch, countBatches } from './codes.ts'

/** A code of a batch by its number; its text is kept nowhere. */
export type BatchCode = { number: number; uses: number; revokedAt: Date | null }

/** Who redeemed a code, when, and with which transfer. */
export type Redemption = {
  transferId: string
  number: number
  userId: string
  /** Null once the person is gone. */
  email: string | null
  creditsMicros: bigint
  createdAt: Date
}

const batchInput = z.object({ batchId: z.uuid() })

/** One batch of codes with its counts, and by whom it was made. Admins and the service only. @throws {AppError} `not_found` */
export async function getCodeBatch(
  ctx: Ctx,
  input: z.input<typeof batchInput>,
): Promise<CodeBatch & { createdBy: string; isOver: boolean }> {
  requireAdmin(ctx)
  const { batchId } = batchInput.parse(input)
  const [row] = await ctx.db
    .select({ batch: codeBatches, isOver: sql<boolean>`coalesce(${codeBatches.redeemBefore} <= now(), false)` })
    .from(codeBatches)
    .where(eq(codeBatches.id, batchId))
  if (!row) throw new AppError('not_found', { message: `there is no batch ${batchId}` })
  const [counted] = await countBatches(ctx, [row.batch])
  return { ...counted!, createdBy: row.batch.createdBy, isOver: row.isOver }
}

const listCodesInput = batchInput.extend({
  limit: z.number().int().min(1).max(200).default(50),
  /** Number of the last one of the page before. */
  after: z.number().int().min(0).default(0),
})

/** Codes of a batch in the order of their numbers. Admins and the service only. */
export async function listBatchCodes(
  ctx: Ctx,
  input: z.input<typeof listCodesInput>,
): Promise<{ items: BatchCode[]; next: number | null }> {
  requireAdmin(ctx)
  const { batchId, limit, after } = listCodesInput.parse(input)
  const rows = await ctx.db
    .select({ number: redemptionCodes.number, uses: redemptionCodes.uses, revokedAt: redemptionCodes.revokedAt })
    .from(redemptionCodes)
    .where(and(eq(redemptionCodes.batchId, batchId), gt(redemptionCodes.number, after)))
    .orderBy(redemptionCodes.number)
    .limit(limit + 1)
  return pageOf(rows, limit, ({ number }) => number)
}

const listRedemptionsInput = batchInput.extend({
  limit: z.number().int().min(1).max(200).default(50),
  /** Transfer of the last one of the page before. */
  after: z.uuid().optional(),
})

/** Who redeemed codes of a batch, the latest first. Admins and the service only. */
export async function listRedemptions(
  ctx: Ctx,
  input: z.input<typeof listRedemptionsInput>,
): Promise<{ items: Redemption[]; next: string | null }> {
  requireAdmin(ctx)
  const { batchId, limit, after } = listRedemptionsInput.parse(input)
  const rows = await ctx.db
    .select({
      transferId: redemptions.transferId,
      number: redemptionCodes.number,
      userId: redemptions.userId,
      email: users.email,
      creditsMicros: sql<bigint>`${transfers.amountMicros}::bigint`,
      createdAt: redemptions.createdAt,
    })
    .from(redemptions)
    .innerJoin(redemptionCodes, eq(redemptionCodes.hash, redemptions.codeHash))
    .innerJoin(transfers, eq(transfers.id, redemptions.transferId))
    .leftJoin(users, eq(users.id, redemptions.userId))
    .where(and(eq(redemptions.batchId, batchId), after ? lt(redemptions.transferId, after) : undefined))
    .orderBy(desc(redemptions.transferId))
    .limit(limit + 1)
  return pageOf(rows, limit, ({ transferId }) => transferId)
}

const findRedemptionInput = z.object({ transferId: z.uuid() })

/** The code behind a transfer: its batch and its number in it; null when there is none. Admins and the service only. */
export async function findRedemption(
  ctx: Ctx,
  input: z.input<typeof findRedemptionInput>,
): Promise<{ batchId: string; name: string; number: number } | null> {
  requireAdmin(ctx)
  const { transferId } = findRedemptionInput.parse(input)
  const [found] = await ctx.db
    .select({ batchId: redemptions.batchId, name: codeBatches.name, number: redemptionCodes.number })
    .from(redemptions)
    .innerJoin(codeBatches, eq(codeBatches.id, redemptions.batchId))
    .innerJoin(redemptionCodes, eq(redemptionCodes.hash, redemptions.codeHash))
    .where(eq(redemptions.transferId, transferId))
  return found ?? null
}
