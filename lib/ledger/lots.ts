import { and, asc, eq, gt, sql } from 'drizzle-orm'
import { z } from 'zod'
import { lotsLeft } from '#db/schema/index.ts'
import type { Ctx } from '#lib/ctx.ts'

const expireLotsInput = z.object({ limit: z.number().int().min(1).max(1_000).default(100) })

/**
 * Lets lots expire whose time has come, wallet by wallet. Whoever takes from a wallet does so first anyway; this is for
 * wallets that nobody touches. What running calls hold stays until they end.
 * @returns how many wallets lost something; `hasMore` when all that were looked at did, so that more may be waiting
 */
export async function expireLots(
  ctx: Ctx,
  input: z.input<typeof expireLotsInput> = {},
): Promise<{ expired: number; hasMore: boolean }> {
  const { limit } = expireLotsInput.parse(input)
  // In no order, so that wallets whose expired credits are held do not stand before all others every time.
  const due = await ctx.db.execute<{ id: string }>(sql`
    SELECT id FROM wallets WHERE next_expiry_at <= now() ORDER BY random() LIMIT ${limit}`)
  let expired = 0
  for (const { id } of due.rows) {
    const result = await ctx.db.execute<{ micros: bigint }>(sql`SELECT ledger_expire(${id}) AS micros`)
    if (result.rows[0]!.micros > 0n) expired++
  }
  return { expired, hasMore: expired === limit }
}

export type Lot = {
  /** The transfer that brought the credits. */
  transferId: string
  source: 'paid' | 'promotional' | 'code'
  amountMicros: bigint
  remainingMicros: bigint
  expiresAt: Date | null
  createdAt: Date
}

const LOTS_MAX = 100

/** The lots of a wallet that still hold something, the first to expire first; at most a hundred. */
export async function listLots(ctx: Ctx, { walletId }: { walletId: string }): Promise<Lot[]> {
  return ctx.db
    .select({
      transferId: lotsLeft.transferId,
      source: lotsLeft.source,
      amountMicros: lotsLeft.amountMicros,
      remainingMicros: lotsLeft.remainingMicros,
      expiresAt: lotsLeft.expiresAt,
      createdAt: lotsLeft.createdAt,
    })
    .from(lotsLeft)
    .where(and(eq(lotsLeft.walletId, walletId), gt(lotsLeft.remainingMicros, 0n)))
    .orderBy(sql`${lotsLeft.expiresAt} NULLS LAST`, asc(lotsLeft.transferId))
    .limit(LOTS_MAX)
}
