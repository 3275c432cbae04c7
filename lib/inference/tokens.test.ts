import fc from 'fast-check'
import { countTokens as exactCount } from 'gpt-tokenizer/encoding/o200k_base'
import { describe, expect, it } from 'vitest'
import { countAll, countTokens, EXACT_BYTES_MAX, RUN_MAX, SLICE_MAX, slicesOf } from './tokens.ts'

const longestRun = (text: string) => Math.max(0, ...(text.match(/\S+|\s+/gu) ?? []).map((run) => [...run].length))

function expectBoundedWork(text: string): void {
  const slices = [...slicesOf(text)]
  const pieces = slices.flat()
  expect(pieces.join('')).toBe(text)
  for (const piece of pieces) expect(longestRun(piece)).toBeLessThanOrEqual(RUN_MAX)
  for (const slice of slices) expect(slice.join('').length).toBeLessThanOrEqual(SLICE_MAX + 512 + 2 * RUN_MAX)
}

describe('slicesOf', () => {
  it('cuts any text into pieces without long runs, and loses nothing', () => {
    const runs = fc.array(
      fc.tuple(fc.constantFrom('a', ' ', '\n', '未', '，', '🙂', '\u200d', '_'), fc.integer({ min: 1, max: 400 })),
      { maxLength: 40 },
    )
    fc.assert(
      fc.property(runs, (parts) => expectBoundedWork(parts.map(([unit, times]) => unit.repeat(times)).join(''))),
    )
    fc.assert(fc.property(fc.string({ unit: 'grapheme', maxLength: 3_000 }), expectBoundedWork))
  })

  it('gives the event loop its turn in a megabyte of one letter and in long Chinese', () => {
    for (const text of ['a'.repeat(1_048_576), '未定义行为'.repeat(60_000), ' '.repeat(500_000)]) {
      expectBoundedWork(text)
      expect([...slicesOf(text)].length).toBeGreaterThanOrEqual(
        Math.floor(text.length / (SLICE_MAX + 512 + 2 * RUN_MAX)),
      )
    }
  })
})

describe('countTokens', () => {
  it('is exact for ordinary text', async () => {
    for (const text of [
      '',
      'hello',
      'The quick brown fox jumps over the lazy dog.',
      '你好，世界',
      'const a = 1\n\nreturn a',
    ]) {
      expect(await countTokens(text)).toBe(exactCount(text))
    }
  })

  it('stays near the exact count where runs are cut', async () => {
    const chinese = '春天来了花儿开了鸟儿也在枝头歌唱'.repeat(200)
    const counted = await countTokens(chinese)
    const exact = exactCount(chinese)
    expect(counted).toBeGreaterThanOrEqual(exact * 0.98)
    expect(counted).toBeLessThanOrEqual(exact * 1.1)
  })

  it('takes the names of special tokens for text', async () => {
    expect(await countTokens('<|endoftext|>')).toBeGreaterThan(1)
  })

  it('answers with bytes beyond 64 kB, without counting', async () => {
    expect(await countTokens('a'.repeat(1_048_576))).toBe(1_048_576)
    expect(await countTokens('未'.repeat(EXACT_BYTES_MAX / 3 + 1))).toBe(65_538)
  })

  it('lets other work run while it counts', async () => {
    let turns = 0
    let counting = true
    const count = () => {
      turns++
      if (counting) setImmediate(count)
    }
    setImmediate(count)
    const text = 'word '.repeat(20_000)
    expect(await countAll(text)).toBeGreaterThanOrEqual(20_000)
    counting = false
    expect(turns).toBeGreaterThanOrEqual([...slicesOf(text)].length)
  })
})
