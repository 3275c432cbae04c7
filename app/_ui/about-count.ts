/** Rounds an estimate down to what it can know: two digits, so that 1,234 more messages are about 1,200. */
export function aboutCount(count: number): number {
  if (count < 100) return Math.floor(count)
  const unit = 10 ** (Math.floor(Math.log10(count)) - 1)
  return Math.floor(count / unit) * unit
}
