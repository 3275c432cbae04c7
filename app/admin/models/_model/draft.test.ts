import { expect, it } from 'vitest'
import { draftedLosses, draftOf } from '#app/admin/models/_model/draft.ts'
import type { UnitPrices } from '#lib/models/shared.ts'

const price: UnitPrices = {
  inputMicros: 2_000_000n,
  cacheReadMicros: 200_000n,
  cacheWriteMicros: 2_000_000n,
  outputMicros: 8_000_000n,
  reasoningMicros: 8_000_000n,
  requestMicros: 0n,
  costInputMicros: 1_000_000n,
  costCacheReadMicros: 100_000n,
  costCacheWriteMicros: 1_000_000n,
  costOutputMicros: 4_000_000n,
  costReasoningMicros: 4_000_000n,
}

it('a price becomes a draft that says only what does not follow', () => {
  expect(draftOf(price)).toEqual({
    input: '2',
    output: '8',
    cacheRead: '0.2',
    cacheWrite: '',
    reasoning: '',
    request: '',
    costInput: '1',
    costOutput: '4',
    costCacheRead: '0.1',
    costCacheWrite: '',
    costReasoning: '',
  })
  expect(new Set(Object.values(draftOf(null)))).toEqual(new Set(['']))
})

it('a loss shows while it is typed', () => {
  const draft = draftOf(price)
  expect(draftedLosses(draft)).toEqual([])
  expect(draftedLosses({ ...draft, output: '3.9' })).toEqual(['output', 'reasoning'])
  expect(draftedLosses({ ...draft, costCacheRead: '' })).toEqual(['cacheRead'])
  expect(draftedLosses({ ...draft, output: '3.9', cacheRead: 'x' })).toEqual([])
  expect(draftedLosses({ ...draft, output: '', costOutput: '9' })).toEqual([])
})
