import { AppError } from '#lib/errors.ts'
import { singleton } from '#lib/singleton.ts'
import { EventLog, type LogEntry } from './event-log.ts'
import { endsInHalfPair, storable } from './message-text.ts'
import { perDatabase } from './per-database.ts'

/** Deltas of this long become one event: a reader cannot see 40 ms. */
const COALESCE_MS = 40

/** Why a run was told to end early: by its person, by this process ending, or because another took it over. */
export type StopReason = 'stopped' | 'shutdown' | 'fenced'

export type LiveRunIdentity = {
  userId: string
  generationId: string
  conversationId: string
  messageId: string
  holdId: string
  epoch: number
}

type Piece = Pick<LogEntry, 'kind' | 'text'>

/** One clock for all runs of the process, however many stream: it ticks only while deltas wait. */
const clock = () =>
  singleton('delta-clock', () => ({ waiting: new Set<LiveRun>(), timer: null as NodeJS.Timeout | null }))

/** A generation that runs in this process: what it said, how much of that is in the database, and how to stop it. */
export class LiveRun {
  readonly identity: LiveRunIdentity
  readonly log: EventLog
  /** Entries up to here are in the database. */
  writtenSeq = 0
  /** Output tokens of the entries up to `writtenSeq`, by our own count: the checkpoint. */
  countedTokens = 0
  /** Settled when the run is over and its end is in the database, or when it was fenced off. */
  done: Promise<void> = Promise.resolve()
  readonly #abort = new AbortController()
  #stopReason: StopReason | null = null
  #waiting: Piece[] = []
  #sealed = false

  constructor(identity: LiveRunIdentity) {
    this.identity = identity
    this.log = new EventLog(identity.epoch)
  }

  /** Aborted when the vendor's stream is to be cancelled. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  get stopReason(): StopReason | null {
    return this.#stopReason
  }

  get fenced(): boolean {
    return this.#stopReason === 'fenced'
  }

  /** Takes a delta of the vendor's. The first is shown at once, the others with the clock's next tick. */
  push(kind: Piece['kind'], text: string): void {
    if (this.#sealed || text === '') return
    const last = this.#waiting.at(-1)
    if (last?.kind === kind) last.text += text
    else this.#waiting.push({ kind, text })
    if (this.log.lastSeq === 0) this.#flush(false)
    if (this.#waiting.length > 0) this.#awaitClock()
  }

  /** Nothing is taken any more; what waited becomes the last entries. */
  seal(): void {
    if (this.#sealed) return
    this.#sealed = true
    this.#flush(true)
  }

  /** Cancels the vendor's stream; what it said so far stays. The first reason counts, but for a fence. */
  stop(reason: StopReason): void {
    if (this.#stopReason === null || reason === 'fenced') this.#stopReason = reason
    this.#abort.abort(reason === 'shutdown' ? new AppError('interrupted') : undefined)
  }

  /** Another process owns the generation now: nothing more is written or shown by this run. */
  fence(): void {
    this.#sealed = true
    this.#waiting = []
    this.log.close()
    this.stop('fenced')
  }

  tick(): void {
    this.#flush(false)
    if (this.#waiting.length > 0) this.#awaitClock()
  }

  #flush(isLast: boolean): void {
    const pieces: Piece[] = []
    const waiting = this.#waiting
    this.#waiting = []
    for (const [index, piece] of waiting.entries()) {
      let { text } = piece
      if (!isLast && index === waiting.length - 1 && endsInHalfPair(text)) {
        this.#waiting.push({ kind: piece.kind, text: text.slice(-1) })
        text = text.slice(0, -1)
      }
      text = storable(text)
      if (text !== '') pieces.push({ kind: piece.kind, text })
    }
    this.log.append(pieces)
  }

  #awaitClock(): void {
    const { waiting } = clock()
    waiting.add(this)
    startClock()
  }
}

function startClock(): void {
  const state = clock()
  if (state.timer) return
  state.timer = setTimeout(() => {
    state.timer = null
    const runs = [...state.waiting]
    state.waiting.clear()
    for (const run of runs) run.tick()
  }, COALESCE_MS)
}

/** The generations that run in this process, by id, and whether it still takes new ones. */
export const liveRuns = perDatabase('live-runs', () => ({ byId: new Map<string, LiveRun>(), draining: false }))
