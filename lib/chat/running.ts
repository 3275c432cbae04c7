import { sql } from 'drizzle-orm'
import { type Ctx, requireUser } from '#lib/ctx.ts'
import { findWallet } from '#lib/ledger/index.ts'
import { encodeMicros } from '#lib/money.ts'
import type { RunningGeneration } from './shared.ts'

export type Running = {
  /** Decimal strings of micro-credits. */
  balance: { postedMicros: string; heldMicros: string; availableMicros: string }
  running: RunningGeneration[]
}

/** What a page asks for now and then while something runs: the balance, and the person's running generations. */
export async function getRunning(ctx: Ctx): Promise<Running> {
  const { userId } = requireUser(ctx)
  const [wallet, generations] = await Promise.all([
    findWallet(ctx, { ownerType: 'user', ownerId: userId }),
    ctx.db.execute<{ id: string; conversation_id: string }>(sql`
      SELECT id, conversation_id FROM generations
      WHERE running_worker_id IS NOT NULL AND user_id = ${userId} ORDER BY id LIMIT 200`),
  ])
  return {
    balance: {
      postedMicros: encodeMicros(wallet?.postedMicros ?? 0n),
      heldMicros: encodeMicros(wallet?.heldMicros ?? 0n),
      availableMicros: encodeMicros(wallet?.availableMicros ?? 0n),
    },
    running: generations.rows.map((row) => ({ generationId: row.id, conversationId: row.conversation_id })),
  }
}
