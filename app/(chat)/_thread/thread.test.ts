import { describe, expect, it } from 'vitest'
import {
  initialThread,
  reduceThread,
  type ThreadAction,
  type ThreadMessage,
  type ThreadState,
} from '#app/(chat)/_thread/thread.ts'

const message = (over: Partial<ThreadMessage> & Pick<ThreadMessage, 'id' | 'role'>): ThreadMessage => ({
  parentId: null,
  text: '',
  reasoning: '',
  modelId: null,
  createdAt: '2026-11-22T00:00:00Z',
  siblingIds: [over.id],
  generation: null,
  receipt: null,
  html: '',
  ...over,
})

const question = message({ id: 'q', role: 'user', text: 'hi' })
const answer = message({
  id: 'a',
  role: 'assistant',
  parentId: 'q',
  text: 'hello',
  html: '<p>hello</p>',
  generation: { id: 'g', status: 'completed', errorCode: null },
})

const send: ThreadAction = {
  type: 'send',
  userMessageId: 'tmp-q',
  answerId: 'tmp-a',
  text: 'more',
  modelId: 'm',
  at: 'now',
}
const start: ThreadAction = {
  type: 'frame',
  frame: {
    type: 'start',
    generationId: 'g2',
    conversationId: 'c',
    userMessageId: 'q2',
    assistantMessageId: 'a2',
    replayed: false,
  },
}
const text = (seq: number, piece: string, epoch = 1): ThreadAction => ({
  type: 'frame',
  frame: { type: 'text', epoch, seq, text: piece },
})
const end = (seq: number, status: 'completed' | 'failed' | 'stopped' = 'completed'): ThreadAction => ({
  type: 'frame',
  frame: { type: 'end', epoch: 1, seq, status, errorCode: status === 'failed' ? 'vendor_failed' : null, receipt: null },
})
const play = (state: ThreadState, ...actions: ThreadAction[]) => actions.reduce(reduceThread, state)
const begun = initialThread([question, answer], false)

describe('a sent message', () => {
  it('stands at once under the last one, and takes the ids of the server without losing its place', () => {
    const sent = play(begun, send)
    expect(sent.messages.map(({ id, parentId }) => [id, parentId])).toEqual([
      ['q', null],
      ['a', 'q'],
      ['tmp-q', 'a'],
      ['tmp-a', 'tmp-q'],
    ])
    const started = play(sent, start)
    expect(started.messages.slice(2).map(({ id, parentId, slot }) => [id, parentId, slot])).toEqual([
      ['q2', 'a', 'tmp-q'],
      ['a2', 'q2', 'tmp-a'],
    ])
    expect(started.live).toMatchObject({ messageId: 'a2', generationId: 'g2' })
  })

  it('is answered as frames come, each once', () => {
    const live = play(begun, send, start, text(1, 'He'), text(2, 'llo'), text(2, 'llo'))
    expect(live.live?.answer.text).toBe('Hello')
    expect(live.messages).toBe(play(live, text(3, '!')).messages)
    const ended = play(live, end(3))
    expect(ended.live).toBeNull()
    expect(ended.messages.at(-1)).toMatchObject({ text: 'Hello', generation: { id: 'g2', status: 'completed' } })
    expect(ended.announced).toEqual({ kind: 'ended', count: 2 })
  })

  it('shows what a snapshot says instead of what was there', () => {
    const frame = { type: 'snapshot', epoch: 2, seq: 9, text: 'Other', reasoning: '' } as const
    expect(play(begun, send, start, text(1, 'He'), { type: 'frame', frame }).live?.answer.text).toBe('Other')
  })

  it('is taken back when the server refuses', () => {
    const failure = { code: 'insufficient_credits', params: {} }
    const refused = play(begun, send, { type: 'refused', failure })
    expect(refused.messages).toEqual([question, answer])
    expect(refused).toMatchObject({ live: null, failure })
    expect(play(refused, { type: 'dismiss' }).failure).toBeNull()
  })

  it('stays when its answer fails', () => {
    const failed = play(begun, send, start, end(1, 'failed'))
    expect(failed.messages.at(-1)).toMatchObject({ generation: { status: 'failed', errorCode: 'vendor_failed' } })
    expect(failed.messages).toHaveLength(4)
  })
})

describe('another answer', () => {
  const retry: ThreadAction = { type: 'retry', messageId: 'a', answerId: 'tmp-a', modelId: 'm', at: 'now' }
  const restart: ThreadAction = {
    ...start,
    frame: { ...(start as { frame: object }).frame, userMessageId: null },
  } as ThreadAction

  it('takes the place of the old one and knows it', () => {
    const retried = play(begun, retry, restart)
    expect(retried.messages.map(({ id }) => id)).toEqual(['q', 'a2'])
    expect(retried.messages[1]).toMatchObject({ parentId: 'q', siblingIds: ['a', 'a2'] })
  })

  it('gives the old one back when it is refused', () => {
    const refused = play(begun, retry, { type: 'refused', failure: { code: 'rate_limited', params: {} } })
    expect(refused.messages).toEqual([question, answer])
  })

  it('needs an answer to repeat', () => {
    expect(play(begun, { ...retry, messageId: 'nowhere' } as ThreadAction)).toBe(begun)
  })
})

describe('a page', () => {
  it('joins an answer that was running when it came', () => {
    const running = message({
      ...answer,
      html: '',
      text: '',
      generation: { id: 'g', status: 'running', errorCode: null },
    })
    const state = initialThread([question, running], true)
    expect(state.live).toMatchObject({ messageId: 'a', generationId: 'g' })
    expect(play(state, text(1, 'x'), end(2)).messages.at(-1)).toMatchObject({ text: 'x' })
  })

  it('puts older messages above, each once', () => {
    const state = initialThread([answer], true)
    const more = play(state, { type: 'earlier', messages: [question, answer], hasEarlier: false })
    expect(more.messages.map(({ id }) => id)).toEqual(['q', 'a'])
    expect(more.hasEarlier).toBe(false)
  })

  it('keeps the text of an answer whose stream was lost for good', () => {
    const lost = play(begun, send, start, text(1, 'He'), { type: 'lost', failure: { code: 'not_found', params: {} } })
    expect(lost.messages.at(-1)).toMatchObject({ id: 'a2', text: 'He' })
    expect(lost.failure?.code).toBe('not_found')
  })
})
