/** Seconds in the reader's way of writing: one digit behind the point, two below a tenth, where one would say nothing. */
export function formatSeconds(milliseconds: number, locale: string): string {
  const digits = milliseconds < 100 ? 2 : 1
  return new Intl.NumberFormat(locale, {
    style: 'unit',
    unit: 'second',
    unitDisplay: 'narrow',
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(milliseconds / 1000)
}
