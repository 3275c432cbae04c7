import { sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Database } from '#db/client.ts'
import { type Ctx, requireUser } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'
import { findReceipts } from '#lib/inference/index.ts'
import { eventTailer } from './event-tailer.ts'
import { idInput } from './ids.ts'
import { liveRuns } from './live-runs.ts'
import type { GenerationStatus, StreamFrame } from './shared.ts'

const readEventsInput = z.object({
  generationId: idInput,
  /** What the reader has seen last; absent for all from the start. */
  after: z.object({ epoch: z.number().int().min(0), seq: z.number().int().min(0) }).optional(),
})

export type ReadEventsInput = z.input<typeof readEventsInput>

/**
 * Reads a generation from a position on, wherever it runs: from this process's memory when it runs here, else from
 * the log, fed by the process's one tailer. A reader whose epoch is old or whose position the log does not know gets
 * a snapshot first; a finished generation is one snapshot and its end. The iterable ends after `end`, or without one
 * when another process took the generation over: the reader comes back then. Leaving early (`return()`) is immediate.
 * @throws {AppError} `not_found`, before the first frame
 */
export async function readEvents(ctx: Ctx, input: ReadEventsInput): Promise<AsyncIterable<StreamFrame>> {
  const { generationId, after = null } = readEventsInput.parse(input)
  const { userId } = requireUser(ctx)
  const db = ctx.db as Database
  const run = liveRuns(db).byId.get(generationId)
  // A reader that knows a later epoch has met the new owner: this run is about to be fenced off.
  if (run?.identity.userId === userId && !run.log.closed && (after?.epoch ?? 0) <= run.identity.epoch) {
    return run.log.read(after)
  }
  const row = await findGeneration(ctx, userId, generationId)
  if (!row) throw new AppError('not_found')
  if (row.status !== 'running') return framesOf(await finishedFrames(ctx, row, row.status))
  const { log, release } = eventTailer(db).follow(userId, generationId)
  return log.read(after, release)
}

type Row = {
  status: GenerationStatus
  error_code: string | null
  epoch: number
  seq: number
  hold_id: string
  text: string
  reasoning: string
}

async function findGeneration(ctx: Ctx, userId: string, generationId: string): Promise<Row | undefined> {
  const result = await ctx.db.execute<Row>(sql`
    SELECT g.status, g.error_code, g.epoch, g.seq, g.hold_id, m.text, m.reasoning
    FROM generations g JOIN messages m ON m.user_id = g.user_id AND m.id = g.message_id
    WHERE g.user_id = ${userId} AND g.id = ${generationId}`)
  return result.rows[0]
}

async function finishedFrames(
  ctx: Ctx,
  row: Row,
  status: Exclude<GenerationStatus, 'running'>,
): Promise<readonly StreamFrame[]> {
  const receipts = await findReceipts(ctx, { holdIds: [row.hold_id] })
  const position = { epoch: row.epoch, seq: row.seq }
  return [
    { type: 'snapshot', ...position, text: row.text, reasoning: row.reasoning },
    { type: 'end', ...position, status, errorCode: row.error_code, receipt: receipts.get(row.hold_id) ?? null },
  ]
}

async function* framesOf(frames: readonly StreamFrame[]): AsyncGenerator<StreamFrame> {
  yield* frames
}
