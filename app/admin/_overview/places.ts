/** With more days than that each bar would be a hair: then a bar is a week. */
const DAYS_AS_BARS = 100

/** Where the bars of a chart stand: days, or weeks counted from the first day; and a sum for each of them. */
export function placesOf<T extends { day: string }>(byDay: readonly T[]) {
  const length = byDay.length > DAYS_AS_BARS ? 7 : 1
  const groups = Array.from({ length: Math.ceil(byDay.length / length) }, (_, index) =>
    byDay.slice(index * length, (index + 1) * length),
  )
  return {
    places: groups.map((group) => group[0]!.day),
    isWeeks: length > 1,
    sum: (of: (day: T) => bigint) => groups.map((group) => group.reduce((total, day) => total + of(day), 0n)),
  }
}
