import { type SQL, sql } from 'drizzle-orm'
import type { Database } from '#db/client.ts'
import { type Ctx, inTransaction } from '#lib/ctx.ts'
import { newId } from '#lib/id.ts'
import { countTokens, deadWorkers, settleInterrupted, workerId } from '#lib/inference/index.ts'
import { log } from '#lib/log.ts'
import { liveRuns } from './live-runs.ts'

const BATCH = 50
const TRIM_BATCH = 5_000

type Abandoned = {
  user_id: string
  id: string
  epoch: number
  hold_id: string
  conversation_id: string
  message_id: string
}

const COLUMNS = sql`user_id, id, epoch, hold_id, conversation_id, message_id`

/**
 * Ends generations whose process died: keeps what was said, marks them interrupted and settles them. A process that
 * wakes up afterwards finds its epoch raised and can write nothing more. Any number of processes may sweep at once.
 * @returns how many were ended; a full batch means that more may be waiting
 */
export async function sweepAbandonedRuns(ctx: Ctx): Promise<{ ended: number; hasMore: boolean }> {
  // In no order, so that a batch of runs that cannot be ended does not stand before all others every time.
  const abandoned = await ctx.db.execute<Abandoned>(sql`
    SELECT ${COLUMNS} FROM generations WHERE running_worker_id IN (${deadWorkers()}) ORDER BY random() LIMIT ${BATCH}`)
  const ended = await endAll(ctx, abandoned.rows, sql`running_worker_id IN (${deadWorkers()})`)
  return { ended, hasMore: ended === BATCH }
}

/**
 * Ends generations that carry this process's name and do not run here, as after a start whose commit was never
 * acknowledged. A minute is longer than any start takes between its commit and its run.
 * @returns how many were ended
 */
export async function endStrayRuns(ctx: Ctx & { db: Database }): Promise<number> {
  const owned = await ctx.db.execute<Abandoned>(sql`
    SELECT ${COLUMNS} FROM generations
    WHERE running_worker_id = ${workerId()} AND created_at < now() - interval '1 minute'`)
  const { byId } = liveRuns(ctx.db)
  const stray = owned.rows.filter(({ id }) => !byId.has(id))
  return endAll(ctx, stray, sql`running_worker_id = ${workerId()}`)
}

async function endAll(ctx: Ctx, abandoned: readonly Abandoned[], stillAbandoned: SQL): Promise<number> {
  let ended = 0
  for (const generation of abandoned) {
    try {
      if (await endAbandoned(ctx, generation, stillAbandoned)) ended++
    } catch (error) {
      // One that cannot be ended now must not keep the others waiting.
      log.error({ err: error, generationId: generation.id }, 'ending an abandoned run failed')
    }
  }
  return ended
}

function endAbandoned(
  ctx: Ctx,
  { user_id, id, epoch, hold_id, conversation_id, message_id }: Abandoned,
  stillAbandoned: SQL,
): Promise<boolean> {
  return inTransaction(ctx, async (tx) => {
    const claimed = await tx.db.execute(sql`
      UPDATE generations
      SET epoch = epoch + 1, status = 'interrupted', error_code = 'interrupted', running_worker_id = NULL, ended_at = now()
      WHERE (user_id, id) IN (
        SELECT user_id, id FROM generations
        WHERE user_id = ${user_id} AND id = ${id} AND epoch = ${epoch} AND status = 'running' AND ${stillAbandoned}
        FOR UPDATE SKIP LOCKED)
      RETURNING id`)
    if (claimed.rows.length === 0) return false
    // Read after the claim, which nobody writes behind: also what was logged while the claim was on its way.
    const said = await tx.db.execute<{ text: string; reasoning: string; seq: number }>(sql`
      SELECT coalesce(string_agg(data, '' ORDER BY seq) FILTER (WHERE kind = 'text'), '') AS text,
        coalesce(string_agg(data, '' ORDER BY seq) FILTER (WHERE kind = 'reasoning'), '') AS reasoning,
        coalesce(max(seq), 0) AS seq
      FROM generation_events WHERE user_id = ${user_id} AND generation_id = ${id}`)
    const { text, reasoning, seq } = said.rows[0]!
    await tx.db.execute(sql`
      WITH message AS (
        UPDATE messages SET text = ${text}, reasoning = ${reasoning}, tokens = ${await countTokens(text)}
        WHERE user_id = ${user_id} AND id = ${message_id}
      ), ended AS (
        UPDATE generations SET seq = ${seq + 1} WHERE user_id = ${user_id} AND id = ${id}
        RETURNING user_id, id, seq, epoch, status
      )
      INSERT INTO generation_events (user_id, generation_id, seq, epoch, kind, data)
      SELECT user_id, id, seq, epoch, 'end', status FROM ended`)
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
