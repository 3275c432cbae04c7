import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createDataScanner, LINE_MAX, MalformedStreamError, readChunk, STREAM_MAX } from './wire.ts'

function scan(parts: string[]): string[] {
  const scanner = createDataScanner()
  return [...parts.flatMap((part) => scanner.push(part)), ...scanner.end()]
}

describe('createDataScanner', () => {
  it('takes data lines and skips all else', () => {
    const stream =
      ': comment\r\nevent: message\r\nid: 1\r\ndata: {"a":1}\r\n\r\ndata:{"b":2}\n\nretry: 5\ndata: [DONE]\n\n'
    expect(scan([stream])).toEqual(['{"a":1}', '{"b":2}', '[DONE]'])
  })

  it('takes a last line that no line end closes', () => {
    expect(scan(['data: {"a":1}\n\ndata: [DO', 'NE]'])).toEqual(['{"a":1}', '[DONE]'])
  })

  it('reads the same however the stream is cut', () => {
    const stream = ': hi\n\ndata: {"text":"你好 \\n data: x"}\r\n\r\ndata: second\n\nevent: x\ndata: [DONE]\n\n'
    const cuts = fc.uniqueArray(fc.integer({ min: 0, max: stream.length }), { maxLength: 20 })
    fc.assert(
      fc.property(cuts, (at) => {
        const places = [0, ...at.sort((a, b) => a - b), stream.length]
        const parts = places.slice(1).map((end, index) => stream.slice(places[index], end))
        expect(scan(parts)).toEqual(scan([stream]))
      }),
    )
  })

  it('refuses a line and a stream without end', () => {
    expect(() => scan(['data: ', 'x'.repeat(LINE_MAX + 1)])).toThrow(MalformedStreamError)
    const scanner = createDataScanner()
    const block = `: ${'x'.repeat(999_998)}\n`
    expect(() => {
      for (let sent = 0; sent <= STREAM_MAX; sent += block.length) scanner.push(block)
    }).toThrow(MalformedStreamError)
  })
})

describe('readChunk', () => {
  const nothing = { text: '', reasoning: '', finishReason: null, usage: null, error: null }

  it.each([
    ['a delta', { choices: [{ delta: { content: 'hi' } }] }, { ...nothing, text: 'hi' }],
    [
      'DeepSeek reasoning',
      { choices: [{ delta: { reasoning_content: 'hm', content: null } }] },
      { ...nothing, reasoning: 'hm' },
    ],
    ['other reasoning', { choices: [{ delta: { reasoning: 'hm' } }] }, { ...nothing, reasoning: 'hm' }],
    ['the end', { choices: [{ delta: {}, finish_reason: 'length' }] }, { ...nothing, finishReason: 'length' }],
    [
      'usage without choices',
      { choices: [], usage: { prompt_tokens: 1 } },
      { ...nothing, usage: { prompt_tokens: 1 } },
    ],
    ['usage in a choice', { choices: [{ usage: { prompt_tokens: 1 } }] }, { ...nothing, usage: { prompt_tokens: 1 } }],
    ['an error', { error: { message: 'no' } }, { ...nothing, error: { message: 'no' } }],
    ['unknown fields', { choices: [{ delta: { content: 7, tool_calls: [] } }], x: 1 }, nothing],
  ])('reads %s', (_name, json, expected) => {
    expect(readChunk(JSON.stringify(json))).toEqual(expected)
  })

  it.each(['{"choices": [', '', 'null', '[]', '"text"'])('refuses %j', (payload) => {
    expect(() => readChunk(payload)).toThrow(MalformedStreamError)
  })
})
