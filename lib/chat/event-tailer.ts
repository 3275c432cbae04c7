import { sql } from 'drizzle-orm'
import type { Database } from '#db/client.ts'
import { systemCtx } from '#lib/ctx.ts'
import { findReceipts } from '#lib/inference/index.ts'
import { log } from '#lib/log.ts'
import { EventLog } from './event-log.ts'
import { perDatabase } from './per-database.ts'
import type { GenerationStatus } from './shared.ts'

const POLL_MS = 200
/** Events of one generation a poll takes at most; a longer log comes in several. */
const PAGE_EVENTS = 2_000

type Followed = { userId: string; generationId: string; log: EventLog; readers: number }

type Row = {
  id: string
  epoch: number
  status: GenerationStatus
  error_code: string | null
  hold_id: string
  events: { seq: number; kind: 'text' | 'reasoning' | 'end'; data: string }[]
}

/**
 * Follows generations that run in other processes: one statement a poll for all of them, however many readers
 * each has, into the same kind of log that a local run writes.
 */
class EventTailer {
  readonly #db: Database
  readonly #followed = new Map<string, Followed>()
  #timer: NodeJS.Timeout | null = null
  #polling = false

  constructor(db: Database) {
    this.#db = db
  }

  /**
   * Starts to follow a generation, or joins those who do.
   * @returns its log, and what to call once when the reader is gone
   */
  follow(userId: string, generationId: string): { log: EventLog; release(): void } {
    let followed = this.#followed.get(generationId)
    if (!followed) {
      // Epoch 0 is nobody's: the first poll starts the log under the one in force.
      followed = { userId, generationId, log: new EventLog(0), readers: 0 }
      followed.log.restart(0)
      this.#followed.set(generationId, followed)
      this.#schedule(0)
    }
    followed.readers++
    const release = () => {
      followed.readers--
      if (followed.readers === 0) this.#drop(followed)
    }
    return { log: followed.log, release }
  }

  #drop(followed: Followed): void {
    if (this.#followed.get(followed.generationId) === followed) this.#followed.delete(followed.generationId)
  }

  #schedule(delayMs: number): void {
    if (this.#polling || this.#followed.size === 0) return
    if (this.#timer) {
      if (delayMs > 0) return
      clearTimeout(this.#timer)
    }
    this.#timer = setTimeout(() => {
      this.#timer = null
      void this.#pollAndPlan()
    }, delayMs)
  }

  async #pollAndPlan(): Promise<void> {
    this.#polling = true
    let isBehind = false
    try {
      isBehind = await this.#poll()
    } catch (error) {
      log.warn({ err: error }, 'following generations failed')
    }
    this.#polling = false
    this.#schedule(isBehind ? 0 : POLL_MS)
  }

  /** @returns true when a log is still shorter than its original */
  async #poll(): Promise<boolean> {
    const batch = [...this.#followed.values()]
    const rows = await readNews(this.#db, batch)
    const ended: { followed: Followed; row: Row }[] = []
    let behind = batch.length < this.#followed.size
    for (const followed of batch) {
      const row = rows.get(followed.generationId)
      switch (takeNews(followed, row)) {
        case 'behind':
          behind = true
          break
        case 'ended':
          ended.push({ followed, row: row! })
          break
        case 'gone':
          this.#drop(followed)
          followed.log.close()
          break
        case 'current':
          followed.log.markReady()
      }
    }
    if (ended.length > 0) await this.#finish(ended)
    return behind
  }

  async #finish(ended: { followed: Followed; row: Row }[]): Promise<void> {
    const receipts = await findReceipts(systemCtx('event-tailer', this.#db), {
      holdIds: ended.map(({ row }) => row.hold_id),
    })
    for (const { followed, row } of ended) {
      this.#drop(followed)
      if (row.status === 'running') continue
      followed.log.finish({ status: row.status, errorCode: row.error_code, receipt: receipts.get(row.hold_id) ?? null })
    }
  }
}

function takeNews(followed: Followed, row: Row | undefined): 'behind' | 'ended' | 'gone' | 'current' {
  if (!row) return 'gone'
  const target = followed.log
  if (row.epoch !== target.epoch) {
    const isFresh = target.epoch === 0
    target.restart(row.epoch)
    // What this poll brought follows the old log's last entry; a log that had none loses nothing.
    if (!isFresh) return 'behind'
  }
  const said = row.events.flatMap((event) => (event.kind === 'end' ? [] : [{ kind: event.kind, text: event.data }]))
  target.append(said)
  target.fold(target.lastSeq)
  if (row.status === 'running') return row.events.length === PAGE_EVENTS ? 'behind' : 'current'
  if (row.events.some((event) => event.kind === 'end')) return 'ended'
  // Ended, and its events are not all here: more pages, or trimmed since. A new reader gets the message itself.
  return row.events.length === PAGE_EVENTS ? 'behind' : 'gone'
}

async function readNews(db: Database, batch: readonly Followed[]): Promise<Map<string, Row>> {
  const wanted = batch.map(({ userId, generationId, log: known }) => ({
    user_id: userId,
    id: generationId,
    after: known.lastSeq,
  }))
  const result = await db.execute<Row>(sql`
    SELECT g.id, g.epoch, g.status, g.error_code, g.hold_id, coalesce(news.events, '[]') AS events
    FROM json_to_recordset(${JSON.stringify(wanted)}::json) AS w(user_id uuid, id uuid, after integer)
    JOIN generations g ON g.user_id = w.user_id AND g.id = w.id
    LEFT JOIN LATERAL (
      SELECT json_agg(json_build_object('seq', e.seq, 'kind', e.kind, 'data', e.data) ORDER BY e.seq) AS events
      FROM (
        SELECT seq, kind, data FROM generation_events
        WHERE user_id = w.user_id AND generation_id = w.id AND seq > w.after
        ORDER BY seq LIMIT ${PAGE_EVENTS}
      ) e
    ) news ON true`)
  return new Map(result.rows.map((row) => [row.id, row]))
}

export const eventTailer = perDatabase('event-tailer', (db) => new EventTailer(db))
