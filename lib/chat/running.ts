import { sql } from 'drizzle-orm'
import { type Ctx, requireUser } from '#lib/ctx.ts'
import { typicalCharge } from '#lib/inference/index.ts'
import { findWallet } from '#lib/ledger/index.ts'
import { encodeMicros } from '#lib/money.ts'
import type { RunningGeneration } from './shared.ts'

export type Running = {
  /** Decimal strings of micro-credits. */
  balance: { postedMicros: string; heldMicros: string; availableMicros: string }
  /** What the person's answers usually cost; null before the first. */
  typicalMicros: string | null
  running: RunningGeneration[]
}

/**
 * What a page asks for now and then while something runs: the balance, how far it reaches, and the person's running
 * generations.
 */
export async function getRunning(ctx: Ctx): Promise<Running> {
  const { userId } = requireUser(ctx)
  const wallet = await findWallet(ctx, { ownerType: 'user', ownerId: userId })
  const { rows } = await ctx.db.execute<{
    typical_micros: bigint | null
    id: string | null
    conversation_id: string
  }>(sql`
    SELECT typical.micros AS typical_micros, g.id, g.conversation_id
    FROM (SELECT ${typicalCharge(sql`${wallet?.id ?? null}::uuid`)} AS micros) typical
    LEFT JOIN LATERAL (
      SELECT id, conversation_id FROM generations
      WHERE running_worker_id IS NOT NULL AND user_id = ${userId} ORDER BY id LIMIT 200
    ) g ON true`)
  const typicalMicros = rows[0]?.typical_micros ?? null
  return {
    balance: {
      postedMicros: encodeMicros(wallet?.postedMicros ?? 0n),
      heldMicros: encodeMicros(wallet?.heldMicros ?? 0n),
      availableMicros: encodeMicros(wallet?.availableMicros ?? 0n),
    },
    typicalMicros: typicalMicros === null ? null : encodeMicros(typicalMicros),
    running: rows.flatMap((row) =>
      row.id === null ? [] : [{ generationId: row.id, conversationId: row.conversation_id }],
    ),
  }
}
