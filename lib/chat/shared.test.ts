import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type AnswerState,
  applyFrame,
  createFrameParser,
  EMPTY_ANSWER,
  formatFrame,
  formatPosition,
  parsePosition,
  type StreamFrame,
  type WireFrame,
} from './shared.ts'

const position = { epoch: fc.integer({ min: 1, max: 9 }), seq: fc.integer({ min: 0, max: 99_999 }) }
const text = fc.string({ unit: 'grapheme' })
const frame: fc.Arbitrary<WireFrame> = fc.oneof(
  fc.record({ type: fc.constant('text' as const), ...position, text }),
  fc.record({ type: fc.constant('reasoning' as const), ...position, text }),
  fc.record({ type: fc.constant('snapshot' as const), ...position, text, reasoning: text }),
  fc.record({
    type: fc.constant('end' as const),
    ...position,
    status: fc.constantFrom('completed' as const, 'failed' as const),
    errorCode: fc.option(fc.constant('vendor_failed')),
    receipt: fc.constant(null),
  }),
  fc.record({
    type: fc.constant('start' as const),
    generationId: fc.uuid(),
    conversationId: fc.uuid(),
    userMessageId: fc.option(fc.uuid()),
    assistantMessageId: fc.uuid(),
    replayed: fc.boolean(),
  }),
)

describe('createFrameParser', () => {
  it('returns what was sent however the stream is cut, with either line end and with comments between', () => {
    fc.assert(
      fc.property(fc.array(frame), fc.array(fc.nat()), fc.boolean(), (frames, cuts, crlf) => {
        const wire = frames.map((each) => `: \n\n${formatFrame(each)}`).join('')
        const sent = crlf ? wire.replaceAll('\n', '\r\n') : wire
        const places = [...new Set(cuts.map((cut) => cut % (sent.length + 1)))].sort((a, b) => a - b)
        const parse = createFrameParser()
        const received: WireFrame[] = []
        let from = 0
        for (const place of [...places, sent.length]) {
          received.push(...parse(sent.slice(from, place)))
          from = place
        }
        expect(received).toEqual(frames)
      }),
    )
  })

  it('skips events it does not know and frames without a position', () => {
    const parse = createFrameParser()
    expect(parse('id: 1.1\nevent: ping\ndata: {}\n\nevent: text\ndata: {"text":"a"}\n\n')).toEqual([
      { type: 'text', epoch: 1, seq: 1, text: 'a' },
    ])
    expect(createFrameParser()('event: text\ndata: {"text":"a"}\n\n')).toEqual([])
  })
})

describe('positions', () => {
  it('are read as they are written, and nothing else is', () => {
    expect(parsePosition(formatPosition({ epoch: 3, seq: 40 }))).toEqual({ epoch: 3, seq: 40 })
    for (const text of ['', '1', '1.', '.1', '1.2.3', '-1.2', '1.2 ', 'a.b', '1.9999999999']) {
      expect(parsePosition(text), text).toBeNull()
    }
  })
})

describe('applyFrame', () => {
  const say = (seq: number, said: string): StreamFrame => ({ type: 'text', epoch: 1, seq, text: said })

  it('adds deltas, replaces by a snapshot, and ends', () => {
    const frames: StreamFrame[] = [
      say(1, 'a'),
      { type: 'reasoning', epoch: 1, seq: 2, text: 'r' },
      say(3, 'b'),
      { type: 'snapshot', epoch: 2, seq: 3, text: 'ab!', reasoning: 'r' },
      { type: 'end', epoch: 2, seq: 4, status: 'interrupted', errorCode: 'interrupted', receipt: null },
    ]
    const states: AnswerState[] = []
    for (const each of frames) states.push(applyFrame(states.at(-1) ?? EMPTY_ANSWER, each))
    expect(states.map((state) => state.text)).toEqual(['a', 'a', 'ab', 'ab!', 'ab!'])
    expect(states.at(-1)).toMatchObject({
      reasoning: 'r',
      position: { epoch: 2, seq: 4 },
      end: { status: 'interrupted' },
    })
  })

  it('passes over a delta that was applied before', () => {
    const once = applyFrame(EMPTY_ANSWER, say(1, 'a'))
    expect(applyFrame(once, say(1, 'a'))).toBe(once)
  })
})
