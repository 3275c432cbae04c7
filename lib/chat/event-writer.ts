import { sql } from 'drizzle-orm'
import type { Database } from '#db/client.ts'
import { countTokens } from '#lib/inference/index.ts'
import { log } from '#lib/log.ts'
import type { LogEntry } from './event-log.ts'
import type { LiveRun } from './live-runs.ts'
import { perDatabase } from './per-database.ts'

const TICK_MS = 250

/** The new part of a run that one statement writes. */
type Page = { run: LiveRun; entries: readonly LogEntry[]; lastSeq: number; outputTokens: number }

/**
 * Writes what all running generations of this process said, with one statement a tick and one in flight at a time,
 * so that streams do not multiply statements. The statement touches a generation only where this process's epoch is
 * still in force; a run that it does not return has been taken over and stops at once.
 */
class EventWriter {
  readonly #db: Database
  readonly #runs = new Set<LiveRun>()
  #timer: NodeJS.Timeout | null = null
  #inFlight: Promise<void> | null = null

  constructor(db: Database) {
    this.#db = db
  }

  add(run: LiveRun): void {
    this.#runs.add(run)
    this.#schedule()
  }

  /** Takes a run out; when this resolves no statement of the writer's touches it any more. */
  async remove(run: LiveRun): Promise<void> {
    this.#runs.delete(run)
    await this.#inFlight
  }

  #schedule(): void {
    if (this.#timer || this.#inFlight || this.#runs.size === 0) return
    this.#timer = setTimeout(() => {
      this.#timer = null
      this.#inFlight = this.#tick().finally(() => {
        this.#inFlight = null
        this.#schedule()
      })
    }, TICK_MS)
  }

  async #tick(): Promise<void> {
    try {
      const pages = await Promise.all([...this.#runs].map(readPage))
      const accepted = await writePages(this.#db, pages)
      for (const page of pages) acknowledge(page, accepted)
    } catch (error) {
      // The runs keep what was not written; the next tick tries again.
      log.warn({ err: error }, 'writing events failed')
    }
  }
}

async function readPage(run: LiveRun): Promise<Page> {
  const entries = run.log.entriesAfter(run.writtenSeq)
  const tokens = entries.length > 0 ? await countTokens(entries.map((entry) => entry.text).join('')) : 0
  return { run, entries, lastSeq: run.writtenSeq + entries.length, outputTokens: run.countedTokens + tokens }
}

function acknowledge({ run, lastSeq, outputTokens }: Page, accepted: Map<string, { stopRequested: boolean }>): void {
  const answer = accepted.get(run.identity.generationId)
  if (!answer) {
    run.fence()
    return
  }
  run.writtenSeq = lastSeq
  run.countedTokens = outputTokens
  run.log.fold(lastSeq)
  if (answer.stopRequested) run.stop('stopped')
}

/**
 * One statement: takes the generations that are still ours, appends their events, and checkpoints the
 * output tokens that were received.
 * Rows that are in the log already are passed over: a statement whose answer was lost is simply repeated.
 */
async function writePages(db: Database, pages: readonly Page[]): Promise<Map<string, { stopRequested: boolean }>> {
  const runs = pages.map(({ run, entries, lastSeq, outputTokens }) => ({
    user_id: run.identity.userId,
    id: run.identity.generationId,
    epoch: run.identity.epoch,
    has_news: entries.length > 0,
    seq: lastSeq,
    output_tokens: outputTokens,
  }))
  const events = pages.flatMap(({ run, entries }) =>
    entries.map((entry) => ({ id: run.identity.generationId, seq: entry.seq, kind: entry.kind, data: entry.text })),
  )
  const result = await db.execute<{ id: string; stop_requested: boolean }>(sql`
    WITH runs AS (
      SELECT * FROM json_to_recordset(${JSON.stringify(runs)}::json)
        AS r(user_id uuid, id uuid, epoch integer, has_news boolean, seq integer, output_tokens integer)
    ), mine AS (
      UPDATE generations g SET seq = r.seq FROM runs r
      WHERE r.has_news AND g.user_id = r.user_id AND g.id = r.id AND g.epoch = r.epoch AND g.status = 'running'
      RETURNING g.user_id, g.id, g.epoch, g.hold_id, g.stop_requested_at, r.output_tokens
    ), logged AS (
      INSERT INTO generation_events (user_id, generation_id, seq, epoch, kind, data)
      SELECT mine.user_id, mine.id, e.seq, mine.epoch, e.kind, e.data
      FROM json_to_recordset(${JSON.stringify(events)}::json) AS e(id uuid, seq integer, kind text, data text)
      JOIN mine ON mine.id = e.id
      ON CONFLICT DO NOTHING
    ), checkpointed AS (
      INSERT INTO checkpoints (hold_id, output_tokens) SELECT hold_id, output_tokens FROM mine
      ON CONFLICT (hold_id) DO UPDATE SET output_tokens = excluded.output_tokens
    )
    SELECT id, stop_requested_at IS NOT NULL AS stop_requested FROM mine
    UNION ALL
    SELECT g.id, g.stop_requested_at IS NOT NULL FROM runs r
    JOIN generations g ON g.user_id = r.user_id AND g.id = r.id
    WHERE NOT r.has_news AND g.epoch = r.epoch AND g.status = 'running'`)
  return new Map(result.rows.map((row) => [row.id, { stopRequested: row.stop_requested }]))
}

export const eventWriter = perDatabase('event-writer', (db) => new EventWriter(db))
