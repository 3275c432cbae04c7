import { sql } from 'drizzle-orm'
import { type Ctx, requireAdmin } from '#lib/ctx.ts'
import { getSetting } from '#lib/settings/index.ts'

/** Conversations that one piece of work deletes, with all their messages. */
const PURGE_BATCH = 20

/**
 * Deletes for good what has lain in the bin for longer than the setting allows, a batch of it. Receipts stay: they hold no
 * words. A conversation in which an answer is still being written waits for its end. For the service.
 */
export async function purgeBin(ctx: Ctx): Promise<{ deleted: number; hasMore: boolean }> {
  requireAdmin(ctx)
  const days = await getSetting(ctx, 'bin_days')
  if (days === null) return { deleted: 0, hasMore: false }
  const result = await ctx.db.execute(sql`
    DELETE FROM conversations WHERE (user_id, id) IN (
      SELECT c.user_id, c.id FROM conversations c
      WHERE c.deleted_at < now() - make_interval(days => ${days}) AND NOT EXISTS (
        SELECT 1 FROM generations g
        WHERE g.running_worker_id IS NOT NULL AND g.user_id = c.user_id AND g.conversation_id = c.id)
      ORDER BY c.deleted_at LIMIT ${PURGE_BATCH} FOR UPDATE OF c SKIP LOCKED)`)
  const deleted = result.rowCount ?? 0
  return { deleted, hasMore: deleted === PURGE_BATCH }
}
