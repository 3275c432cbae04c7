import { sql } from 'drizzle-orm'
import { type Ctx, inTransaction } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { deadWorkers, settleInterrupted } from '#lib/inference/index.ts'
import { releaseHold } from '#lib/ledger/index.ts'
import { log } from '#lib/log.ts'

const BATCH = 50

/**
 * Ends open holds of dead processes that no running generation owns: a call pays for what its checkpoint says it had
 * received, a hold of no call pays nothing. Those of generations end with their generations.
 * @returns how many were ended; a full batch means that more may be waiting
 */
export async function sweepAbandonedHolds(ctx: Ctx): Promise<{ ended: number; hasMore: boolean }> {
  const abandoned = await ctx.db.execute<{ id: string; admitted: boolean }>(sql`
    SELECT h.id, h.price_version_id IS NOT NULL AS admitted
    FROM holds h
    WHERE h.open_worker_id IN (${deadWorkers()})
      AND NOT EXISTS (
        SELECT 1 FROM generations g WHERE g.running_worker_id = h.open_worker_id AND g.hold_id = h.id)
    ORDER BY h.id LIMIT ${BATCH}`)
  let ended = 0
  for (const { id: holdId, admitted } of abandoned.rows) {
    try {
      await inTransaction(ctx, async (tx): Promise<void> => {
        if (admitted) await settleInterrupted(tx, { holdId, usageRecordId: newId() })
        else await releaseHold(tx, { holdId })
      })
      ended++
    } catch (error) {
      // One that cannot be ended now must not keep the others waiting.
      log.error({ err: error, holdId }, 'ending an abandoned hold failed')
    }
  }
  return { ended, hasMore: ended === BATCH }
}
