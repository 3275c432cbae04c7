/** Periods that can be chosen by name; any other is given by its first and last day. */
export const RANGES = ['today', '7d', '30d', '90d', 'month', 'last-month', 'year'] as const

export type Range = (typeof RANGES)[number]

/** Days of the calendar, `YYYY-MM-DD`, the first and the last included. */
export type Period = { from: string; to: string }

/** As many days as a period may have: a leap year. */
const PERIOD_DAYS_MAX = 366

const DAY_MS = 86_400_000

/** Whether two texts are the first and the last day of a period that can be asked for. */
export function isPeriod(from: string | null | undefined, to: string | null | undefined): boolean {
  return isDay(from) && isDay(to) && from <= to && daysOf({ from, to }) <= PERIOD_DAYS_MAX
}

function isDay(text: string | null | undefined): text is string {
  if (!text || !/^\d{4}-\d{2}-\d{2}$/.test(text)) return false
  const at = Date.parse(text)
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text)
}

/** How many days a period has. */
export function daysOf({ from, to }: Period): number {
  return (Date.parse(to) - Date.parse(from)) / DAY_MS + 1
}

/** The day so many days later, or earlier when negative. */
export function addDays(day: string, count: number): string {
  return new Date(Date.parse(day) + count * DAY_MS).toISOString().slice(0, 10)
}

/** Every day of a period, in order. */
export function listDays(period: Period): string[] {
  return Array.from({ length: daysOf(period) }, (_, index) => addDays(period.from, index))
}

/** The days that a name stands for on a certain day. */
export function periodOf(range: Range, today: string): Period {
  const month = `${today.slice(0, 7)}-01`
  switch (range) {
    case 'today':
      return { from: today, to: today }
    case '7d':
      return { from: addDays(today, -6), to: today }
    case '30d':
      return { from: addDays(today, -29), to: today }
    case '90d':
      return { from: addDays(today, -89), to: today }
    case 'month':
      return { from: month, to: today }
    case 'last-month': {
      const to = addDays(month, -1)
      return { from: `${to.slice(0, 7)}-01`, to }
    }
    case 'year':
      return { from: `${today.slice(0, 4)}-01-01`, to: today }
  }
}

/** As many days as a period has, right before it. */
export function periodBefore(period: Period): Period {
  return { from: addDays(period.from, -daysOf(period)), to: addDays(period.from, -1) }
}
