import { describe, expect, it } from 'vitest'
import { normalizeUsage } from './usage.ts'

// The edges of what is believed of a vendor, one rule at a time.

const own = { promptTokens: 100, outputCap: 100, textLength: 0 }
const PLAIN = { prompt_tokens: 10, completion_tokens: 5 }
const read = (fields: object, vendor = 'openai') => normalizeUsage({ ...PLAIN, ...fields }, vendor, own)
/** Input, read from a cache, written to one, output, reasoning. */
const kinds = (fields: object, vendor?: string) => Object.values(read(fields, vendor) ?? {})

describe('how much is believed', () => {
  it('is four times what we count and 4,096 more, for the prompt', () => {
    expect(kinds({ prompt_tokens: 4_496 })).toEqual([4_496, 0, 0, 5, 0])
    expect(read({ prompt_tokens: 4_497 })).toBeNull()
  })

  it('is four times what was allowed and 4,096 more, for the answer with its reasoning', () => {
    expect(kinds({ completion_tokens: 4_496 })).toEqual([10, 0, 0, 4_496, 0])
    expect(read({ completion_tokens: 4_497 })).toBeNull()
    const reasoning = (tokens: number) => ({
      completion_tokens: 4_000,
      completion_tokens_details: { reasoning_tokens: tokens },
    })
    expect(kinds(reasoning(496), 'gemini')).toEqual([10, 0, 0, 4_000, 496])
    expect(read(reasoning(497), 'gemini')).toBeNull()
  })

  it('is what an integer of the database holds, however long a prompt was', () => {
    const large = { promptTokens: 2_000_000_000, outputCap: 100, textLength: 0 }
    const of = (prompt_tokens: number) => normalizeUsage({ ...PLAIN, prompt_tokens }, 'openai', large)
    expect(of(2_147_483_647)?.inputTokens).toBe(2_147_483_647)
    expect(of(2_147_483_648)).toBeNull()
  })
})

describe('what contradicts itself is not believed', () => {
  it.each([
    ['output details that are words', { completion_tokens_details: 'many' }],
    ['prompt details that are a list', { prompt_tokens_details: [5] }],
    ['a negative count of the cache', { cached_tokens: -1 }],
    ['a negative count of writes', { cache_creation_input_tokens: -1 }],
    ['a negative count of reasoning', { reasoning_tokens: -1 }],
    ['a negative total', { total_tokens: -1 }],
    ['a negative count of misses', { prompt_cache_miss_tokens: -1 }],
    ['the same where all were hits', { prompt_cache_hit_tokens: 10, prompt_cache_miss_tokens: -1 }],
    ['no answer', { completion_tokens: undefined }],
    ['no prompt', { prompt_tokens: undefined }],
    ['no prompt but reads', { prompt_tokens: undefined, cached_tokens: 5 }],
    ['a negative count of short writes', { cache_creation: { ephemeral_5m_input_tokens: -1 } }],
    ['a negative count of long writes', { cache_creation: { ephemeral_1h_input_tokens: -1 } }],
    [
      'short writes that are words',
      { cache_creation: { ephemeral_5m_input_tokens: 'a', ephemeral_1h_input_tokens: 2 } },
    ],
    [
      'long writes that are words',
      { cache_creation: { ephemeral_5m_input_tokens: 2, ephemeral_1h_input_tokens: 'a' } },
    ],
    ['a count that is true', { cached_tokens: true }],
  ])('%s', (_name, fields) => {
    expect(read(fields)).toBeNull()
  })
})

describe('what a cache took', () => {
  it.each([
    ['for five minutes', { ephemeral_5m_input_tokens: 4 }, 4],
    ['for an hour', { ephemeral_1h_input_tokens: 3 }, 3],
    ['for both', { ephemeral_5m_input_tokens: 4, ephemeral_1h_input_tokens: 3 }, 7],
    ['for neither', {}, 0],
  ])('%s', (_name, cache_creation, written) => {
    expect(kinds({ cache_creation })).toEqual([10 - written, 0, written, 5, 0])
    expect(kinds({ cache_creation, cache_creation_input_tokens: written })).toEqual([10 - written, 0, written, 5, 0])
  })

  it('is believed where parts are not told', () => {
    expect(kinds({ cache_creation: {}, cache_creation_input_tokens: 6 })).toEqual([4, 0, 6, 5, 0])
    expect(kinds({ cache_creation: null, cache_creation_input_tokens: 6 })).toEqual([4, 0, 6, 5, 0])
  })

  it.each([
    ['absent', undefined],
    ['null', null],
    ['an empty list', []],
  ])('details may be %s', (_name, details) => {
    expect(kinds({ prompt_tokens_details: details, completion_tokens_details: details })).toEqual([10, 0, 0, 5, 0])
  })
})

describe('Anthropic', () => {
  it('counts what a cache took and gave beside the prompt', () => {
    const cached = { cache_read_input_tokens: 80, cache_creation_input_tokens: 20 }
    expect(kinds(cached, 'anthropic')).toEqual([10, 80, 20, 5, 0])
    expect(kinds({ ...cached, total_tokens: 115 }, 'anthropic')).toEqual([10, 80, 20, 5, 0])
    expect(read(cached, 'openai')).toBeNull()
  })

  it('counts reasoning as part of the output, unless its total says otherwise', () => {
    const fields = {
      cache_read_input_tokens: 80,
      cache_creation_input_tokens: 20,
      completion_tokens_details: { reasoning_tokens: 2 },
    }
    expect(kinds(fields, 'anthropic')).toEqual([10, 80, 20, 3, 2])
    expect(kinds({ ...fields, total_tokens: 115 }, 'anthropic')).toEqual([10, 80, 20, 3, 2])
    expect(kinds({ ...fields, total_tokens: 117 }, 'anthropic')).toEqual([10, 80, 20, 5, 2])
  })
})

describe('who counts reasoning on top', () => {
  const reasoned = { completion_tokens: 50, completion_tokens_details: { reasoning_tokens: 40 } }

  it.each(['gemini', 'xai'])('%s does', (vendor) => {
    expect(kinds(reasoned, vendor)).toEqual([10, 0, 0, 50, 40])
  })

  it('nobody else does who does not say so in a total', () => {
    expect(kinds(reasoned, 'openai')).toEqual([10, 0, 0, 10, 40])
    expect(kinds({ ...reasoned, total_tokens: 60 }, 'openai')).toEqual([10, 0, 0, 10, 40])
    expect(kinds({ ...reasoned, total_tokens: 100 }, 'openai')).toEqual([10, 0, 0, 50, 40])
  })

  it('by a total that counts it in, a relay of theirs does not', () => {
    expect(kinds({ ...reasoned, total_tokens: 60 }, 'xai')).toEqual([10, 0, 0, 10, 40])
  })

  it('has thoughts that only the total shows, and none where it shows none', () => {
    expect(kinds({ total_tokens: 15 }, 'gemini')).toEqual([10, 0, 0, 5, 0])
    expect(kinds({ total_tokens: 16 }, 'gemini')).toEqual([10, 0, 0, 5, 1])
    expect(kinds({ total_tokens: 16 }, 'openai')).toEqual([10, 0, 0, 5, 0])
    expect(kinds({}, 'gemini')).toEqual([10, 0, 0, 5, 0])
  })
})
