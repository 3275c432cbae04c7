import { describe, expect, it } from 'vitest'
import { settleCallTerms, type WantedCall } from './call-terms.ts'
import type { Terms } from './terms.ts'

// 1 micro-credit for a token of the prompt, 2 for one of the answer.
const FREE = {
  versionId: 'v',
  inputMicros: 0n,
  cacheReadMicros: 0n,
  cacheWriteMicros: 0n,
  outputMicros: 0n,
  reasoningMicros: 0n,
  requestMicros: 0n,
  costInputMicros: 0n,
  costCacheReadMicros: 0n,
  costCacheWriteMicros: 0n,
  costOutputMicros: 0n,
  costReasoningMicros: 0n,
}
const PRICED = { ...FREE, inputMicros: 1_000_000n, outputMicros: 2_000_000n }
const MODEL = { contextTokens: 1_000, maxOutputTokens: 500, defaultMaxOutput: 400, minOutput: 100 }
const terms = (model: Partial<typeof MODEL> = {}, price = PRICED) =>
  ({ model: { ...MODEL, ...model }, price, maxRunning: 5 }) as Terms
const call = (tokens: number, fields: Partial<WantedCall> = {}): WantedCall => ({
  turns: [{ role: 'user', text: 'hi', tokens }],
  ...fields,
})

describe('settleCallTerms', () => {
  it('holds for the prompt and the longest answer, at least for the shortest', () => {
    expect(settleCallTerms(terms(), call(3))).toEqual({
      messages: [{ role: 'user', content: 'hi' }],
      promptTokens: 10,
      historyTokens: 0,
      outputCap: 400,
      omittedTurns: 0,
      fullMicros: 10n + 800n,
      minimumMicros: 10n + 200n,
    })
  })

  it.each([
    ['what was asked for', terms(), { maxOutput: 150 }, 150],
    ['what the model gives unasked', terms(), { maxOutput: 450 }, 400],
    ['what the model can', terms({ maxOutputTokens: 300 }), {}, 300],
    ['half the context', terms({ contextTokens: 600 }), {}, 300],
  ])('bounds the answer by %s', (_name, given, fields, outputCap) => {
    expect(settleCallTerms(given, call(3, fields)).outputCap).toBe(outputCap)
  })

  it('needs no more for the shortest answer than for the longest', () => {
    const { fullMicros, minimumMicros } = settleCallTerms(terms(), call(3, { maxOutput: 20 }))
    expect([fullMicros, minimumMicros]).toEqual([50n, 50n])
  })

  it('counts the system prompt', () => {
    const { messages, promptTokens } = settleCallTerms(terms(), call(3, { system: { text: 'be kind', tokens: 6 } }))
    expect(promptTokens).toBe(20)
    expect(messages[0]).toEqual({ role: 'system', content: 'be kind' })
  })

  it('holds something even for a model that is free', () => {
    expect(settleCallTerms(terms({}, FREE), call(3))).toMatchObject({ fullMicros: 1n, minimumMicros: 1n })
  })

  it('refuses a message that leaves no room for an answer, and says how long it is', () => {
    const params = { limitTokens: 1_000, tokens: 894 }
    expect(() => settleCallTerms(terms(), call(894))).toThrow(
      expect.objectContaining({ code: 'message_too_long_for_model', params }),
    )
    expect(() => settleCallTerms(terms(), { turns: [] })).toThrow(
      expect.objectContaining({ params: { limitTokens: 1_000, tokens: 0 } }),
    )
  })
})
