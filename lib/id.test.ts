import { expect, test, vi } from 'vitest'
import { isId, newId } from '#lib/id.ts'

test('ids are version 7, unique, and of the millisecond they were made in', () => {
  const before = Date.now()
  const ids = Array.from({ length: 1000 }, newId)
  const after = Date.now()
  expect(new Set(ids).size).toBe(1000)
  for (const id of ids) {
    expect(isId(id)).toBe(true)
    expect(id[14]).toBe('7')
    expect('89ab').toContain(id[19])
    const made = Number.parseInt(id.replace('-', '').slice(0, 12), 16)
    expect(made).toBeGreaterThanOrEqual(before)
    expect(made).toBeLessThanOrEqual(after)
  }
})

test('ids increase strictly, within a millisecond, beyond its counter, and when the clock is set back', async () => {
  vi.resetModules()
  const { newId } = await import('#lib/id.ts')
  vi.useFakeTimers({ now: Date.now() + 60_000, toFake: ['Date'] })
  try {
    const ids = Array.from({ length: 10_000 }, newId)
    vi.setSystemTime(Date.now() - 30_000)
    ids.push(newId(), newId())
    expect(ids).toEqual([...ids].sort())
    expect(new Set(ids).size).toBe(ids.length)
  } finally {
    vi.useRealTimers()
  }
})

test.each([undefined, null, 1, '', 'not-an-id', "x' or '1'='1", newId().toUpperCase()])('%j is no id', (value) =>
  expect(isId(value)).toBe(false),
)
