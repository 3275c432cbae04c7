import type { ScaleBand } from 'd3-scale'
import { useLocale } from 'next-intl'

/**
 * The labels under a chart by day: the first day, the one in the middle and the last, within the chart however narrow.
 * @param days `YYYY-MM-DD` in the order of the calendar, or the first ones of weeks
 * @param band where each stands, in percent of the width
 */
export function DayAxis({ days, band }: { days: readonly string[]; band: ScaleBand<string> }) {
  const short = new Intl.DateTimeFormat(useLocale(), { day: 'numeric', month: 'short', timeZone: 'UTC' })
  const last = days.length - 1
  const styleOf = (index: number) => {
    const start = band(days[index]!)!
    const end = start + band.bandwidth()
    if (index === 0 && last > 0) return { left: `${start}%` }
    if (index === last && last > 0) return { right: `${100 - end}%` }
    return { left: `${(start + end) / 2}%`, translate: '-50%' }
  }
  const labelled = [...new Set([0, Math.floor(last / 2), last])].filter((index) => days[index])
  return (
    <div className="relative col-start-2 mt-1.5 h-5" aria-hidden="true">
      {labelled.map((index) => (
        <span key={index} className="absolute whitespace-nowrap" style={styleOf(index)}>
          {short.format(new Date(days[index]!))}
        </span>
      ))}
    </div>
  )
}
