import type { DeltaFrame, EndFrame, Position, SnapshotFrame, StreamFrame } from './shared.ts'

export type LogEntry = { seq: number; kind: DeltaFrame['type']; text: string }

/** Entries kept one by one; what is older is folded into a text, and whoever is that far behind gets a snapshot. */
const TAIL_ENTRIES = 512

/**
 * What a generation said so far, in this process's memory: written by its run or by the tailer, read by any number
 * of readers. A reader is a position in this log and has no queue, so one that stalls costs nothing and later
 * receives what it missed as one frame.
 */
export class EventLog {
  #epoch: number
  #baseSeq = 0
  #baseText = ''
  #baseReasoning = ''
  #entries: LogEntry[] = []
  #end: EndFrame | null = null
  #closed = false
  #ready = true
  readonly #readers = new Set<LogReader>()

  constructor(epoch: number) {
    this.#epoch = epoch
  }

  get epoch(): number {
    return this.#epoch
  }

  /** Number of the last entry; 0 when nothing was said. */
  get lastSeq(): number {
    return this.#baseSeq + this.#entries.length
  }

  get closed(): boolean {
    return this.#closed
  }

  get text(): string {
    return this.#baseText + this.#joined('text')
  }

  get reasoning(): string {
    return this.#baseReasoning + this.#joined('reasoning')
  }

  /** Adds what was said next, numbered without a gap, and wakes the readers that wait. */
  append(pieces: readonly Pick<LogEntry, 'kind' | 'text'>[]): void {
    if (this.#closed || this.#end || pieces.length === 0) return
    for (const { kind, text } of pieces) this.#entries.push({ seq: this.lastSeq + 1, kind, text })
    this.#wake()
  }

  /** Entries after a number, in order. */
  entriesAfter(seq: number): readonly LogEntry[] {
    return this.#entries.slice(Math.max(0, seq - this.#baseSeq))
  }

  /** Folds old entries that need not be told apart any more: those up to `seq`, but for a tail. */
  fold(seq: number): void {
    const count = Math.min(seq - this.#baseSeq, this.#entries.length - TAIL_ENTRIES)
    if (count < TAIL_ENTRIES) return
    const old = this.#entries.splice(0, count)
    for (const entry of old) {
      if (entry.kind === 'text') this.#baseText += entry.text
      else this.#baseReasoning += entry.text
    }
    this.#baseSeq += count
  }

  /** Forgets all and starts again under another epoch; readers wait until `markReady`. */
  restart(epoch: number): void {
    this.#epoch = epoch
    this.#baseSeq = 0
    this.#baseText = ''
    this.#baseReasoning = ''
    this.#entries = []
    this.#ready = false
  }

  /** The log is as long as its original: readers may be served. */
  markReady(): void {
    if (this.#ready) return
    this.#ready = true
    this.#wake()
  }

  /** The terminal event: readers receive it last. */
  finish(end: Omit<EndFrame, 'type' | 'epoch' | 'seq'>): void {
    if (this.#end || this.#closed) return
    this.#end = { type: 'end', epoch: this.#epoch, seq: this.lastSeq + 1, ...end }
    this.#ready = true
    this.#wake()
  }

  /** Sends the readers away without an end: they come back and find whoever took over. */
  close(): void {
    this.#closed = true
    this.#entries = []
    this.#wake()
  }

  /** Reads from a position on (null: from the start) until the end, or until the log is closed. */
  read(after: Position | null, onDone: () => void = () => undefined): AsyncIterableIterator<StreamFrame> {
    return new LogReader(this, this.#readers, after, onDone)
  }

  /** The frame that follows a position, or null when there is none yet. Neighbours of one kind come as one. */
  nextFrame(after: Position | null): StreamFrame | null {
    if (!this.#ready || this.#closed) return null
    if (after && (after.epoch !== this.#epoch || after.seq > this.lastSeq)) return this.#snapshot()
    const seq = after?.seq ?? 0
    if (seq < this.#baseSeq) return this.#snapshot()
    const first = this.#entries[seq - this.#baseSeq]
    if (!first) return this.#end
    let last = first
    let text = first.text
    for (let i = seq - this.#baseSeq + 1; i < this.#entries.length; i++) {
      const entry = this.#entries[i]!
      if (entry.kind !== first.kind) break
      text += entry.text
      last = entry
    }
    return { type: first.kind, epoch: this.#epoch, seq: last.seq, text }
  }

  #snapshot(): SnapshotFrame {
    return { type: 'snapshot', epoch: this.#epoch, seq: this.lastSeq, text: this.text, reasoning: this.reasoning }
  }

  #joined(kind: LogEntry['kind']): string {
    let joined = ''
    for (const entry of this.#entries) if (entry.kind === kind) joined += entry.text
    return joined
  }

  #wake(): void {
    for (const reader of [...this.#readers]) reader.wake()
  }
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined }

/** Written out instead of a generator, since `return()` of a generator waits for the `await` it is in. */
class LogReader implements AsyncIterableIterator<StreamFrame> {
  readonly #log: EventLog
  readonly #waiting: Set<LogReader>
  readonly #onDone: () => void
  #position: Position | null
  #resolve: ((result: IteratorResult<StreamFrame, undefined>) => void) | null = null
  #done = false

  constructor(log: EventLog, waiting: Set<LogReader>, after: Position | null, onDone: () => void) {
    this.#log = log
    this.#waiting = waiting
    this.#position = after
    this.#onDone = onDone
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<StreamFrame, undefined>> {
    const result = this.#take()
    if (result) return Promise.resolve(result)
    return new Promise((resolve) => {
      this.#resolve = resolve
      this.#waiting.add(this)
    })
  }

  return(): Promise<IteratorReturnResult<undefined>> {
    this.#stop()
    this.wake()
    return Promise.resolve(DONE)
  }

  wake(): void {
    const resolve = this.#resolve
    if (!resolve) return
    const result = this.#take()
    if (!result) return
    this.#resolve = null
    this.#waiting.delete(this)
    resolve(result)
  }

  #take(): IteratorResult<StreamFrame, undefined> | null {
    if (this.#done) return DONE
    const frame = this.#log.nextFrame(this.#position)
    if (!frame) {
      if (!this.#log.closed) return null
      this.#stop()
      return DONE
    }
    this.#position = { epoch: frame.epoch, seq: frame.seq }
    if (frame.type === 'end') this.#stop()
    return { done: false, value: frame }
  }

  #stop(): void {
    if (this.#done) return
    this.#done = true
    this.#onDone()
  }
}
