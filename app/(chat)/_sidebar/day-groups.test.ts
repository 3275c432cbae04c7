import { describe, expect, it } from 'vitest'
import { groupByDay } from '#app/(chat)/_sidebar/day-groups.ts'

const NOW = new Date('2026-11-22T10:00:00Z')
const group = (activeAt: string, timeZone = 'UTC') => groupByDay([{ activeAt }], NOW, timeZone)[0]?.group

describe('groupByDay', () => {
  it.each([
    ['2026-11-22T09:59:00Z', 'today'],
    ['2026-11-22T00:00:00Z', 'today'],
    ['2026-11-21T23:59:59Z', 'yesterday'],
    ['2026-11-20T12:00:00Z', 'week'],
    ['2026-11-16T00:00:00Z', 'week'],
    ['2026-11-15T23:00:00Z', 'month'],
    ['2026-10-24T00:00:00Z', 'month'],
    ['2026-10-23T00:00:00Z', 'older'],
    ['2026-11-22T10:05:00Z', 'today'],
  ])('%s is %s', (activeAt, expected) => expect(group(activeAt)).toBe(expected))

  it('counts days where the reader is', () => {
    expect(group('2026-11-21T15:30:00Z', 'Asia/Shanghai')).toBe('yesterday')
    expect(group('2026-11-21T16:30:00Z', 'Asia/Shanghai')).toBe('today')
    expect(group('2026-11-22T07:00:00Z', 'America/Los_Angeles')).toBe('yesterday')
  })

  it('keeps the order and makes no empty groups', () => {
    const items = ['2026-11-22T09:00:00Z', '2026-11-22T08:00:00Z', '2026-01-01T00:00:00Z'].map((activeAt) => ({
      activeAt,
    }))
    expect(groupByDay(items, NOW, 'UTC')).toEqual([
      { group: 'today', items: items.slice(0, 2) },
      { group: 'older', items: items.slice(2) },
    ])
  })
})
