export type DayGroup = 'today' | 'yesterday' | 'week' | 'month' | 'older'

const DAY_MS = 86_400_000

/**
 * Groups items, newest first, by the calendar days of a time zone.
 * @param timeZone IANA name; the server and the first paint use UTC, the browser its own
 */
export function groupByDay<T extends { activeAt: string }>(
  items: readonly T[],
  now: Date,
  timeZone: string,
): { group: DayGroup; items: T[] }[] {
  const groups: { group: DayGroup; items: T[] }[] = []
  const today = dayNumber(now, timeZone)
  for (const item of items) {
    const group = groupOf(today - dayNumber(new Date(item.activeAt), timeZone))
    const last = groups.at(-1)
    if (last?.group === group) last.items.push(item)
    else groups.push({ group, items: [item] })
  }
  return groups
}

function groupOf(daysAgo: number): DayGroup {
  if (daysAgo <= 0) return 'today'
  if (daysAgo === 1) return 'yesterday'
  if (daysAgo < 7) return 'week'
  if (daysAgo < 30) return 'month'
  return 'older'
}

function dayNumber(date: Date, timeZone: string): number {
  const parts = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' })
  return Math.round(Date.parse(`${parts.format(date)}T00:00:00Z`) / DAY_MS)
}
