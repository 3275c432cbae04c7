import { sql } from 'drizzle-orm'
import { z } from 'zod'
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
