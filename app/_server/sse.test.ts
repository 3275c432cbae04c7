import { describe, expect, it } from 'vitest'
import { createFrameParser, type StreamFrame } from '#lib/chat/shared.ts'
import { eventStream } from './sse.ts'

const delta = (seq: number): StreamFrame => ({ type: 'text', epoch: 1, seq, text: `word ${seq} ` })

/** Frames without end, counting how many were asked for. */
function endless() {
  const state = { asked: 0, left: false }
  const frames: AsyncIterable<StreamFrame> = {
    [Symbol.asyncIterator]: () => ({
      next: async () => ({ done: false, value: delta(++state.asked) }),
      return: async () => {
        state.left = true
        return { done: true, value: undefined }
      },
    }),
  }
  return { state, frames }
}

describe('eventStream', () => {
  it('sends frames in their wire form, the start first', async () => {
    const start = {
      type: 'start',
      generationId: 'g',
      conversationId: 'c',
      userMessageId: null,
      assistantMessageId: 'a',
      replayed: false,
    } as const
    async function* frames() {
      yield delta(1)
      yield delta(2)
    }
    const response = eventStream(frames(), start)
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    expect(response.headers.get('cache-control')).toBe('no-store, no-transform')
    expect(response.headers.get('x-accel-buffering')).toBe('no')
    expect(createFrameParser()(await response.text())).toEqual([start, delta(1), delta(2)])
  })

  it('asks for no more than the reader takes', async () => {
    const { state, frames } = endless()
    const reader = eventStream(frames).body!.getReader()
    for (let i = 0; i < 10; i++) await reader.read()
    await new Promise((resolve) => setImmediate(resolve))
    expect(state.asked).toBeLessThanOrEqual(11)
    await reader.cancel()
    expect(state.left).toBe(true)
  })

  it('ends the iteration when the reader leaves while nothing comes', async () => {
    let leave: () => void = () => undefined
    const left = new Promise<void>((resolve) => {
      leave = resolve
    })
    const waiting = new Set<(result: IteratorResult<StreamFrame>) => void>()
    const frames: AsyncIterable<StreamFrame> = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise((resolve) => waiting.add(resolve)),
        return: async () => {
          for (const resolve of waiting) resolve({ done: true, value: undefined })
          leave()
          return { done: true, value: undefined }
        },
      }),
    }
    const reader = eventStream(frames).body!.getReader()
    const reading = reader.read()
    await reader.cancel()
    await left
    expect((await reading).done).toBe(true)
  })
})
