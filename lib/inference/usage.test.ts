import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { costOf } from './pricing.ts'
import { normalizeUsage } from './usage.ts'

const own = { promptTokens: 100, outputCap: 100, textLength: 0 }
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
      'Anthropic: what is kept for five minutes and for an hour',
      'anthropic',
      {
        input_tokens: 10,
        output_tokens: 5,
        cache_read_input_tokens: 80,
        cache_creation_input_tokens: 50,
        cache_creation: { ephemeral_5m_input_tokens: 20, ephemeral_1h_input_tokens: 30 },
      },
      usage(10, 80, 50, 5, 0),
    ],
    [
      'Gemini: thoughts come on top',
      'gemini',
      { prompt_tokens: 10, completion_tokens: 5, completion_tokens_details: { reasoning_tokens: 40 } },
      usage(10, 0, 0, 5, 40),
    ],
    [
      'Gemini: thoughts that only the total shows',
      'gemini',
      { prompt_tokens: 10, completion_tokens: 5, total_tokens: 55 },
      usage(10, 0, 0, 5, 40),
    ],
    [
      'Gemini behind a relay that counts thoughts as output',
      'gemini',
      {
        prompt_tokens: 10,
        completion_tokens: 45,
        total_tokens: 55,
        completion_tokens_details: { reasoning_tokens: 40 },
      },
      usage(10, 0, 0, 5, 40),
    ],
    [
      'xAI: reasoning comes on top',
      'xai',
      {
        prompt_tokens: 32,
        completion_tokens: 9,
        total_tokens: 75,
        prompt_tokens_details: { cached_tokens: 6 },
        completion_tokens_details: { reasoning_tokens: 34 },
      },
      usage(26, 6, 0, 9, 34),
    ],
    [
      'a vendor unknown to us that counts reasoning on top, by its total',
      'somebody',
      {
        prompt_tokens: 10,
        completion_tokens: 5,
        total_tokens: 55,
        completion_tokens_details: { reasoning_tokens: 40 },
      },
      usage(10, 0, 0, 5, 40),
    ],
    [
      'Zhipu: cached is part of the prompt',
      'zhipu',
      { prompt_tokens: 90, completion_tokens: 5, total_tokens: 95, prompt_tokens_details: { cached_tokens: 64 } },
      usage(26, 64, 0, 5, 0),
    ],
    [
      'Qwen: an explicit cache that is being made',
      'qwen',
      {
        prompt_tokens: 100,
        completion_tokens: 5,
        total_tokens: 105,
        prompt_tokens_details: {
          cached_tokens: 0,
          cache_creation_input_tokens: 60,
          cache_creation: { ephemeral_5m_input_tokens: 60 },
          cache_type: 'ephemeral',
        },
      },
      usage(40, 0, 60, 5, 0),
    ],
    [
      'one number under two names, and zeros that a relay filled in',
      'deepseek',
      {
        prompt_tokens: 100,
        input_tokens: 0,
        completion_tokens: 5,
        output_tokens: 0,
        prompt_cache_hit_tokens: 64,
        prompt_cache_miss_tokens: 36,
        prompt_tokens_details: { cached_tokens: 64 },
        completion_tokens_details: [],
      },
      usage(36, 64, 0, 5, 0),
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
    [
      'two numbers for one thing',
      {
        prompt_tokens: 100,
        completion_tokens: 5,
        prompt_cache_hit_tokens: 64,
        prompt_tokens_details: { cached_tokens: 32 },
      },
    ],
    [
      'hits and misses that do not make the prompt',
      { prompt_tokens: 100, completion_tokens: 5, prompt_cache_hit_tokens: 64, prompt_cache_miss_tokens: 30 },
    ],
    [
      'writes that do not make their sum',
      {
        prompt_tokens: 100,
        completion_tokens: 5,
        cache_creation_input_tokens: 50,
        cache_creation: { ephemeral_5m_input_tokens: 20, ephemeral_1h_input_tokens: 31 },
      },
    ],
    ['a total less than its parts', { prompt_tokens: 10, completion_tokens: 5, total_tokens: 14 }],
    ['NaN', { prompt_tokens: Number.NaN, completion_tokens: 5 }],
    ['details that are words', { prompt_tokens: 10, completion_tokens: 5, prompt_tokens_details: 'cached: 5' }],
    ['a prompt nobody sent', { prompt_tokens: 5_000, completion_tokens: 5 }],
    ['more output than was allowed', { prompt_tokens: 10, completion_tokens: 5_000 }],
    ['beyond an integer', { prompt_tokens: 10, completion_tokens: 1e300 }],
  ])('does not believe %s', (_name, raw) => {
    expect(normalizeUsage(raw, 'openai', own)).toBeNull()
  })

  it('does not believe less output than can be read in the answer', () => {
    const said = (completion_tokens: number, textLength: number) =>
      normalizeUsage({ prompt_tokens: 10, completion_tokens }, 'openai', { ...own, textLength })
    expect(said(0, 1)).toBeNull()
    expect(said(10, 1_281)).toBeNull()
    expect(said(10, 1_280)).toMatchObject({ outputTokens: 10 })
    expect(said(0, 0)).toMatchObject({ outputTokens: 0 })
  })

  const VENDORS = ['openai', 'deepseek', 'qwen', 'zhipu', 'moonshot', 'anthropic', 'gemini', 'xai', 'somebody']
  const count = fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: 0, max: 500 }) },
    fc.integer({ min: -10, max: 5_000_000_000 }),
    fc.constantFrom(undefined, null, Number.NaN, Number.POSITIVE_INFINITY, -0, '10', '', true, [], {}),
    fc.double(),
  )
  const part = fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 0, max: 40 }) }, count)
  // Most say little: who says everything at once mostly contradicts itself.
  const rare = fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, part)
  const writes = fc.option(
    fc.record({ ephemeral_5m_input_tokens: rare, ephemeral_1h_input_tokens: rare }, { requiredKeys: [] }),
  )
  const raw = fc.record(
    {
      prompt_tokens: count,
      completion_tokens: count,
      input_tokens: rare,
      output_tokens: rare,
      total_tokens: rare,
      prompt_tokens_details: fc.option(
        fc.record(
          {
            cached_tokens: rare,
            cache_write_tokens: rare,
            cache_creation_input_tokens: rare,
            cache_creation: writes,
          },
          { requiredKeys: [] },
        ),
      ),
      completion_tokens_details: fc.option(fc.record({ reasoning_tokens: rare }, { requiredKeys: [] })),
      prompt_cache_hit_tokens: rare,
      prompt_cache_miss_tokens: rare,
      cached_tokens: rare,
      cache_read_input_tokens: rare,
      cache_creation_input_tokens: rare,
      cache_creation: writes,
      reasoning_tokens: rare,
    },
    { requiredKeys: ['prompt_tokens', 'completion_tokens'] },
  )
  const price = fc.record({
    inputMicros: fc.bigInt({ min: 0n, max: 10n ** 12n }),
    cacheReadMicros: fc.bigInt({ min: 0n, max: 10n ** 12n }),
    cacheWriteMicros: fc.bigInt({ min: 0n, max: 10n ** 12n }),
    outputMicros: fc.bigInt({ min: 0n, max: 10n ** 12n }),
    reasoningMicros: fc.bigInt({ min: 0n, max: 10n ** 12n }),
    requestMicros: fc.bigInt({ min: 0n, max: 10n ** 12n }),
  })
  const noCost = {
    versionId: 'v',
    costInputMicros: 0n,
    costCacheReadMicros: 0n,
    costCacheWriteMicros: 0n,
    costOutputMicros: 0n,
    costReasoningMicros: 0n,
  }

  it('gives kinds that are whole, not negative and make the totals, and never a negative cost, or believes nothing', () => {
    let believed = 0
    fc.assert(
      fc.property(raw, fc.constantFrom(...VENDORS), price, (object, vendor, prices) => {
        const known = normalizeUsage(object, vendor, own)
        if (!known) return
        believed++
        expect(Object.values(known).every((tokens) => Number.isSafeInteger(tokens) && tokens >= 0)).toBe(true)
        const prompt = known.inputTokens + known.cacheReadTokens + known.cacheWriteTokens
        const output = known.outputTokens + known.reasoningTokens
        const told = Math.max(Number(object.prompt_tokens ?? 0), Number(object.input_tokens ?? 0))
        const answered = Math.max(Number(object.completion_tokens ?? 0), Number(object.output_tokens ?? 0))
        if (vendor === 'anthropic') expect(known.inputTokens).toBe(told)
        else expect(prompt).toBe(told)
        // Reasoning is part of what was answered, or comes on top of it.
        expect([answered, answered + known.reasoningTokens]).toContain(output)
        expect(costOf(known, { ...noCost, ...prices })).toBeGreaterThanOrEqual(prices.requestMicros)
      }),
      { numRuns: 5_000 },
    )
    expect(believed).toBeGreaterThan(100)
  })

  it('never throws, whatever it is given', () => {
    fc.assert(
      fc.property(
        fc.anything({ withNullPrototype: true, withBigInt: true }),
        fc.constantFrom(...VENDORS),
        (thing, vendor) => {
          normalizeUsage(thing, vendor, own)
          normalizeUsage({ prompt_tokens: thing, completion_tokens: 5, prompt_tokens_details: thing }, vendor, own)
          normalizeUsage({ prompt_tokens: 10, completion_tokens: 5, cache_creation: thing }, vendor, own)
        },
      ),
    )
  })
})
