import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { normalizeUsage } from './usage.ts'

const own = { promptTokens: 100, outputCap: 100, contextTokens: 32_000 }
const usage = (input: number, cacheRead: number, cacheWrite: number, output: number, reasoning: number) => ({
  inputTokens: input,
  cacheReadTokens: cacheRead,
  cacheWriteTokens: cacheWrite,
  outputTokens: output,
  reasoningTokens: reasoning,
})

describe('normalizeUsage', () => {
  it.each([
    ['plain', 'openai', { prompt_tokens: 10, completion_tokens: 5 }, usage(10, 0, 0, 5, 0)],
    [
      'OpenAI: details are part of the totals',
      'openai',
      {
        prompt_tokens: 100,
        completion_tokens: 50,
        prompt_tokens_details: { cached_tokens: 60, cache_write_tokens: 10 },
        completion_tokens_details: { reasoning_tokens: 30 },
      },
      usage(30, 60, 10, 20, 30),
    ],
    [
      'DeepSeek: hits and misses',
      'deepseek',
      { prompt_tokens: 100, completion_tokens: 5, prompt_cache_hit_tokens: 64, prompt_cache_miss_tokens: 36 },
      usage(36, 64, 0, 5, 0),
    ],
    [
      'Moonshot: cached at the top',
      'moonshot',
      { prompt_tokens: 100, completion_tokens: 5, cached_tokens: 40 },
      usage(60, 40, 0, 5, 0),
    ],
    [
      'Anthropic: cache comes on top',
      'anthropic',
      { prompt_tokens: 10, completion_tokens: 5, cache_read_input_tokens: 80, cache_creation_input_tokens: 20 },
      usage(10, 80, 20, 5, 0),
    ],
    [
      'Gemini: thoughts come on top',
      'gemini',
      { prompt_tokens: 10, completion_tokens: 5, completion_tokens_details: { reasoning_tokens: 40 } },
      usage(10, 0, 0, 5, 40),
    ],
    [
      'null for zero',
      'openai',
      {
        prompt_tokens: 10,
        completion_tokens: 5,
        prompt_tokens_details: null,
        completion_tokens_details: { reasoning_tokens: null },
      },
      usage(10, 0, 0, 5, 0),
    ],
  ])('%s', (_name, vendor, raw, expected) => {
    expect(normalizeUsage(raw, vendor, own)).toEqual(expected)
  })

  it.each([
    ['nothing', null],
    ['a list', []],
    ['text', '10 tokens'],
    ['numbers as text', { prompt_tokens: '10', completion_tokens: '5' }],
    ['negative', { prompt_tokens: -10, completion_tokens: 5 }],
    ['fractions', { prompt_tokens: 10.5, completion_tokens: 5 }],
    ['no total', { completion_tokens: 5 }],
    ['no prompt', { prompt_tokens: 0, completion_tokens: 5 }],
    [
      'cached beyond the prompt',
      { prompt_tokens: 10, completion_tokens: 5, prompt_tokens_details: { cached_tokens: 11 } },
    ],
    [
      'reasoning beyond the output',
      { prompt_tokens: 10, completion_tokens: 5, completion_tokens_details: { reasoning_tokens: 6 } },
    ],
    ['a prompt nobody sent', { prompt_tokens: 5_000, completion_tokens: 5 }],
    ['more output than was allowed', { prompt_tokens: 10, completion_tokens: 5_000 }],
    ['beyond an integer', { prompt_tokens: 10, completion_tokens: 1e300 }],
  ])('does not believe %s', (_name, raw) => {
    expect(normalizeUsage(raw, 'openai', own)).toBeNull()
  })

  it('splits the totals without losing or inventing a token, or believes nothing', () => {
    const count = fc.oneof(
      fc.integer({ min: -10, max: 500 }),
      fc.constant(undefined),
      fc.constant(null),
      fc.string(),
      fc.double(),
    )
    const raw = fc.record({
      prompt_tokens: count,
      completion_tokens: count,
      prompt_tokens_details: fc.oneof(
        fc.constant(null),
        fc.record({ cached_tokens: count, cache_write_tokens: count }),
      ),
      completion_tokens_details: fc.oneof(fc.constant(null), fc.record({ reasoning_tokens: count })),
    })
    fc.assert(
      fc.property(raw, (object) => {
        const known = normalizeUsage(object, 'openai', own)
        if (!known) return
        expect(Object.values(known).every((tokens) => Number.isSafeInteger(tokens) && tokens >= 0)).toBe(true)
        expect(known.inputTokens + known.cacheReadTokens + known.cacheWriteTokens).toBe(object.prompt_tokens)
        expect(known.outputTokens + known.reasoningTokens).toBe(object.completion_tokens)
      }),
    )
  })
})
