import { setTimeout as wait } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import type { Database } from '#db/client.ts'
import { type Ctx, inTransaction } from '#lib/ctx.ts'
import type { ErrorCode } from '#lib/errors.ts'
import { countTokens, findReceipts, type Outcome, type Receipt } from '#lib/inference/index.ts'
import { log } from '#lib/log.ts'
import type { LiveRun } from './live-runs.ts'
import type { EndFrame, GenerationStatus } from './shared.ts'

const FIRST_RETRY_MS = 100
const LAST_RETRY_MS = 10_000

/** How a run ended, and how it is paid for inside the transaction of its end. */
export type Ending = {
  outcome: Outcome
  errorCode: ErrorCode | null
  settle(ctx: Ctx): Promise<Receipt>
  /** Instead, when somebody took the run over and paid for it: books what the vendor told. */
  bookLate(ctx: Ctx): Promise<void>
}

/**
 * Writes the end of a run: what is left of its events with exactly one terminal event, the message, the receipt and
 * the charge, in one transaction that holds only while the run still owns its generation. Tries until the database
 * answers; then readers get the end. Called once a run is sealed and no statement of the writer's touches it.
 * A run that was taken over leaves only what its vendor told of the usage.
 */
export async function finalizeRun(ctx: Ctx & { db: Database }, run: LiveRun, ending: Ending): Promise<void> {
  const status = statusOf(ending.outcome)
  const { text } = run.log
  const tokens = run.fenced ? 0 : await countTokens(text)
  for (let delayMs = FIRST_RETRY_MS; ; delayMs = Math.min(2 * delayMs, LAST_RETRY_MS)) {
    try {
      if (!run.fenced) {
        const receipt = await writeEnd(ctx, run, { status, errorCode: ending.errorCode, text, tokens }, ending.settle)
        if (receipt) run.log.finish({ status, errorCode: ending.errorCode, receipt })
        else await readEnd(ctx, run)
      }
      if (run.fenced) await ending.bookLate(ctx)
      return
    } catch (error) {
      log.error({ err: error, generationId: run.identity.generationId }, 'writing the end of a run failed')
      await wait(delayMs * (0.5 + Math.random() / 2))
    }
  }
}

/** The status that a person sees for how the call went. */
function statusOf(outcome: Outcome): EndFrame['status'] {
  return outcome === 'empty' ? 'failed' : outcome
}

type End = { status: EndFrame['status']; errorCode: string | null; text: string; tokens: number }

/** @returns null when the generation is not this run's to end */
function writeEnd(ctx: Ctx, run: LiveRun, end: End, settle: Ending['settle']): Promise<Receipt | null> {
  const { userId, generationId, epoch } = run.identity
  const endSeq = run.log.lastSeq + 1
  const events = [
    ...run.log.entriesAfter(run.writtenSeq).map(({ seq, kind, text }) => ({ seq, kind: kind as string, data: text })),
    { seq: endSeq, kind: 'end', data: end.status },
  ]
  return inTransaction(ctx, async (tx) => {
    const result = await tx.db.execute(sql`
      WITH mine AS (
        UPDATE generations
        SET status = ${end.status}, error_code = ${end.errorCode}, seq = ${endSeq}, running_worker_id = NULL, ended_at = now()
        WHERE user_id = ${userId} AND id = ${generationId} AND epoch = ${epoch} AND status = 'running'
        RETURNING user_id, id, epoch, message_id
      ), logged AS (
        INSERT INTO generation_events (user_id, generation_id, seq, epoch, kind, data)
        SELECT mine.user_id, mine.id, e.seq, mine.epoch, e.kind, e.data
        FROM mine CROSS JOIN json_to_recordset(${JSON.stringify(events)}::json) AS e(seq integer, kind text, data text)
        ON CONFLICT DO NOTHING
      ), message AS (
        UPDATE messages m SET text = ${end.text}, reasoning = ${run.log.reasoning}, tokens = ${end.tokens}
        FROM mine WHERE m.user_id = mine.user_id AND m.id = mine.message_id
      )
      SELECT id FROM mine`)
    return result.rows.length > 0 ? settle(tx) : null
  })
}

/** Either our own commit's answer was lost, and the end is there under our epoch, or somebody took over. */
async function readEnd(ctx: Ctx, run: LiveRun): Promise<void> {
  const { userId, generationId, epoch, holdId } = run.identity
  const result = await ctx.db.execute<{ status: GenerationStatus; error_code: string | null }>(sql`
    SELECT status, error_code FROM generations
    WHERE user_id = ${userId} AND id = ${generationId} AND epoch = ${epoch}`)
  const row = result.rows[0]
  if (!row || row.status === 'running') {
    run.fence()
    return
  }
  const receipts = await findReceipts(ctx, { holdIds: [holdId] })
  run.log.finish({ status: row.status, errorCode: row.error_code, receipt: receipts.get(holdId) ?? null })
}
