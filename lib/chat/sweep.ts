import { sql } from 'drizzle-orm'
import { type Ctx, inTransaction } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { countTokens, settleInterrupted } from '#lib/inference/index.ts'
import { log } from '#lib/log.ts'

const BATCH = 50
const TRIM_BATCH = 5_000

/**
 * A worker that will not come back: it said so, or its heartbeat is older than 30 s by the database's clock. A restart
 * of the database stops all heartbeats for a moment and kills nobody.
 */
const DEAD_WORKERS = sql`
  SELECT w.id FROM workers w
  WHERE w.stopped_at IS NOT NULL
    OR now() - greatest(w.heartbeat_at, pg_postmaster_start_time()) > interval '30 seconds'`

type Abandoned = {
  user_id: string
  id: string
  epoch: number
  hold_id: string
  conversation_id: string
  message_id: string
}

/**
 * Ends generations whose process died: keeps what was said, marks them interrupted and settles them. A process that
 * wakes up afterwards finds its epoch raised and can write nothing more.
 * @returns how many were ended; a full batch means that more may be waiting
 */
export async function sweepAbandonedRuns(ctx: Ctx): Promise<{ ended: number; hasMore: boolean }> {
  const abandoned = await ctx.db.execute<Abandoned>(sql`
    SELECT user_id, id, epoch, hold_id, conversation_id, message_id FROM generations
    WHERE running_worker_id IN (${DEAD_WORKERS}) LIMIT ${BATCH}`)
  let ended = 0
  for (const generation of abandoned.rows) {
    try {
      if (await endAbandoned(ctx, generation)) ended++
    } catch (error) {
      // One that cannot be ended now must not keep the others waiting.
      log.error({ err: error, generationId: generation.id }, 'ending an abandoned run failed')
    }
  }
  return { ended, hasMore: ended === BATCH }
}

function endAbandoned(
  ctx: Ctx,
  { user_id, id, epoch, hold_id, conversation_id, message_id }: Abandoned,
): Promise<boolean> {
  return inTransaction(ctx, async (tx) => {
    const claimed = await tx.db.execute(sql`
      UPDATE generations
      SET epoch = epoch + 1, status = 'interrupted', error_code = 'interrupted', running_worker_id = NULL, ended_at = now(),
        seq = 1 + coalesce((
          SELECT max(e.seq) FROM generation_events e WHERE e.user_id = ${user_id} AND e.generation_id = ${id}), 0)
      WHERE user_id = ${user_id} AND id = ${id} AND epoch = ${epoch} AND status = 'running'
        AND running_worker_id IN (${DEAD_WORKERS})
      RETURNING seq`)
    if (claimed.rows.length === 0) return false
    const said = await tx.db.execute<{ text: string; reasoning: string }>(sql`
      SELECT coalesce(string_agg(data, '' ORDER BY seq) FILTER (WHERE kind = 'text'), '') AS text,
        coalesce(string_agg(data, '' ORDER BY seq) FILTER (WHERE kind = 'reasoning'), '') AS reasoning
      FROM generation_events WHERE user_id = ${user_id} AND generation_id = ${id}`)
    const { text, reasoning } = said.rows[0]!
    await tx.db.execute(sql`
      WITH message AS (
        UPDATE messages SET text = ${text}, reasoning = ${reasoning}, tokens = ${await countTokens(text)}
        WHERE user_id = ${user_id} AND id = ${message_id}
      )
      INSERT INTO generation_events (user_id, generation_id, seq, epoch, kind, data)
      SELECT user_id, id, seq, epoch, 'end', status FROM generations WHERE user_id = ${user_id} AND id = ${id}`)
    await settleInterrupted(tx, {
      holdId: hold_id,
      receivedText: text,
      receivedReasoning: reasoning,
      usageRecordId: newId(),
      conversationId: conversation_id,
      messageId: message_id,
    })
    return true
  })
}

/** Deletes a batch of events of generations that ended over an hour ago: their messages hold the text. */
export async function trimEvents(ctx: Ctx): Promise<{ deleted: number; hasMore: boolean }> {
  const result = await ctx.db.execute(sql`
    DELETE FROM generation_events WHERE (user_id, generation_id, seq) IN (
      SELECT e.user_id, e.generation_id, e.seq FROM generation_events e
      JOIN generations g ON g.user_id = e.user_id AND g.id = e.generation_id
      WHERE e.created_at < now() - interval '1 hour' AND g.ended_at < now() - interval '1 hour'
      ORDER BY e.created_at LIMIT ${TRIM_BATCH})`)
  const deleted = result.rowCount ?? 0
  return { deleted, hasMore: deleted === TRIM_BATCH }
}
