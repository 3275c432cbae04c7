import { describe, expect, it } from 'vitest'
import { windowParam } from '#app/admin/_parts/window.ts'

const read = (params: Record<string, string | undefined>, usual: '24h' | '30d' | 'all' = '24h') =>
  windowParam(params, usual, 'Asia/Shanghai')

describe('the window in an address', () => {
  it('is the last hours, days of the calendar, or all where that may be', () => {
    expect(read({})).toEqual({ hours: 24 })
    expect(read({}, '30d')).toEqual({ hours: 720 })
    expect(read({}, 'all')).toBeUndefined()
    expect(read({ window: '7d' })).toEqual({ hours: 168 })
    expect(read({ window: '1h' }, 'all')).toEqual({ hours: 1 })
    const days = { window: 'custom', from: '2026-11-01', to: '2026-11-03' }
    expect(read(days)).toEqual({ from: '2026-11-01', to: '2026-11-03', timeZone: 'Asia/Shanghai' })
    expect(read({ ...days, from: '2026-11-09' })).toMatchObject({ from: '2026-11-03', to: '2026-11-09' })
    expect(read({ window: 'custom', to: '2026-11-03' })).toMatchObject({ from: undefined, to: '2026-11-03' })
  })

  it('is the usual one where it makes no sense, and never all of everybody', () => {
    for (const params of [
      { window: 'all' },
      { window: 'ever' },
      { window: 'custom' },
      { window: 'custom', from: '2026-02-30' },
      // No calendar of PostgreSQL's has that year.
      { window: 'custom', from: '0000-01-01' },
    ]) {
      expect(read(params)).toEqual({ hours: 24 })
    }
    expect(read({ window: 'all' }, '30d')).toEqual({ hours: 720 })
    expect(read({ window: 'custom', from: 'x' }, 'all')).toBeUndefined()
  })
})
