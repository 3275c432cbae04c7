/** Whether a text is a day of the calendar, `YYYY-MM-DD`, of these two thousand years. */
export function isDay(text: unknown): text is string {
  if (typeof text !== 'string' || !/^[12]\d{3}-\d\d-\d\d$/.test(text)) return false
  const date = new Date(text)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text)
}

/** The first and last day of a period as they were asked for, the right way round; either may be open. */
export function inOrder<Open extends null | undefined>(
  from: string | Open,
  to: string | Open,
): [string | Open, string | Open] {
  return typeof from === 'string' && typeof to === 'string' && from > to ? [to, from] : [from, to]
}
