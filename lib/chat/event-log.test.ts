import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EventLog } from './event-log.ts'
import { type AnswerState, applyFrame, EMPTY_ANSWER, type Position, type StreamFrame } from './shared.ts'

const END = { status: 'completed', errorCode: null, receipt: null } as const

/** Reads what is there without waiting for more. */
function drain(log: EventLog, state: AnswerState, framesMax = Number.POSITIVE_INFINITY): AnswerState {
  let read = 0
  let now = state
  while (read++ < framesMax && !now.end) {
    const frame = log.nextFrame(now.position)
    if (!frame) break
    now = applyFrame(now, frame)
  }
  return now
}

const pieces = fc.array(
  fc.record({
    kind: fc.constantFrom('text' as const, 'reasoning' as const),
    text: fc.string({ minLength: 1, maxLength: 3 }),
  }),
  { minLength: 1, maxLength: 5 },
)

describe('EventLog', () => {
  it('gives a reader everything once, wherever it breaks off and whichever copy of the log it comes back to', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('say' as const), pieces }),
      fc.record({ do: fc.constant('copy' as const) }),
      fc.record({ do: fc.constant('fold' as const) }),
      fc.record({ do: fc.constant('read' as const), frames: fc.nat({ max: 3 }), fromCopy: fc.boolean() }),
      fc.record({ do: fc.constant('takeOver' as const) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let log = new EventLog(1)
        let copy = new EventLog(1)
        const said: { kind: 'text' | 'reasoning'; text: string }[] = []
        const catchUp = () => copy.append(said.slice(copy.lastSeq))
        let reader = EMPTY_ANSWER
        for (const each of steps) {
          switch (each.do) {
            case 'say':
              said.push(...each.pieces)
              log.append(each.pieces)
              break
            case 'copy':
              catchUp()
              break
            case 'fold':
              log.fold(log.lastSeq)
              break
            case 'read':
              reader = drain(each.fromCopy ? copy : log, reader, each.frames)
              break
            case 'takeOver': {
              const next = new EventLog(log.epoch + 1)
              next.append(said)
              log = next
              copy = new EventLog(next.epoch)
            }
          }
        }
        catchUp()
        copy.finish(END)
        log.finish(END)
        const whole = (kind: string) => said.flatMap((piece) => (piece.kind === kind ? [piece.text] : [])).join('')
        for (const source of [log, copy]) {
          const final = drain(source, reader)
          expect(final).toMatchObject({
            text: whole('text'),
            reasoning: whole('reasoning'),
            end: { status: 'completed' },
          })
          expect(final.end!.seq).toBe(said.length + 1)
        }
      }),
    )
  })

  it('gives neighbours of one kind as one frame, and keeps kinds in order', () => {
    const log = new EventLog(1)
    log.append([
      { kind: 'reasoning', text: 'h' },
      { kind: 'reasoning', text: 'm' },
      { kind: 'text', text: 'a' },
      { kind: 'text', text: 'b' },
    ])
    expect(log.nextFrame(null)).toEqual({ type: 'reasoning', epoch: 1, seq: 2, text: 'hm' })
    expect(log.nextFrame({ epoch: 1, seq: 2 })).toEqual({ type: 'text', epoch: 1, seq: 4, text: 'ab' })
    expect(log.nextFrame({ epoch: 1, seq: 4 })).toBeNull()
  })

  it.each<[string, Position]>([
    ['an old epoch', { epoch: 1, seq: 1 }],
    ['a position beyond the log', { epoch: 2, seq: 9 }],
    ['a later epoch than is known', { epoch: 3, seq: 1 }],
  ])('answers %s with one snapshot', (_, after) => {
    const log = new EventLog(2)
    log.append([{ kind: 'text', text: 'ab' }])
    expect(log.nextFrame(after)).toEqual({ type: 'snapshot', epoch: 2, seq: 1, text: 'ab', reasoning: '' })
  })

  it('holds nothing for a reader that stalls, who then receives what it missed as one snapshot', async () => {
    const log = new EventLog(1)
    const reader = log.read(null)
    log.append([{ kind: 'text', text: 'first ' }])
    expect((await reader.next()).value).toMatchObject({ type: 'text', seq: 1 })
    for (let i = 0; i < 20_000; i++) {
      log.append([{ kind: 'text', text: 'x' }])
      log.fold(log.lastSeq)
    }
    expect(log.entriesAfter(0).length).toBeLessThanOrEqual(1_024)
    expect((await reader.next()).value).toEqual({
      type: 'snapshot',
      epoch: 1,
      seq: 20_001,
      text: `first ${'x'.repeat(20_000)}`,
      reasoning: '',
    })
  })

  it('keeps entries that are not written yet', () => {
    const log = new EventLog(1)
    for (let i = 0; i < 3_000; i++) log.append([{ kind: 'text', text: 'x' }])
    log.fold(100)
    expect(log.entriesAfter(100).length).toBe(2_900)
  })

  it('wakes a reader that waits, ends after the end, and says when it is gone', async () => {
    const log = new EventLog(1)
    let gone = 0
    const frames: StreamFrame[] = []
    const reading = (async () => {
      for await (const frame of { [Symbol.asyncIterator]: () => log.read(null, () => gone++) }) frames.push(frame)
    })()
    await Promise.resolve()
    log.append([{ kind: 'text', text: 'a' }])
    await Promise.resolve()
    log.finish(END)
    log.finish({ ...END, status: 'stopped' })
    log.append([{ kind: 'text', text: 'late' }])
    await reading
    expect(frames.map((frame) => frame.type)).toEqual(['text', 'end'])
    expect(frames.at(-1)).toMatchObject({ status: 'completed', seq: 2 })
    expect(gone).toBe(1)
  })

  it('lets a waiting reader leave at once, and sends all away when it is closed', async () => {
    const log = new EventLog(1)
    const leaving = log.read(null)
    const waiting = leaving.next()
    await leaving.return!()
    expect((await waiting).done).toBe(true)

    const sentAway = log.read(null)
    const pending = sentAway.next()
    log.close()
    expect((await pending).done).toBe(true)
    expect((await log.read(null).next()).done).toBe(true)
  })

  it('keeps readers waiting while it is shorter than its original', async () => {
    const log = new EventLog(0)
    log.restart(2)
    const first = log.read({ epoch: 1, seq: 1 }).next()
    log.append([{ kind: 'text', text: 'a' }])
    log.append([{ kind: 'text', text: 'b' }])
    log.markReady()
    expect((await first).value).toEqual({ type: 'snapshot', epoch: 2, seq: 2, text: 'ab', reasoning: '' })
  })
})
