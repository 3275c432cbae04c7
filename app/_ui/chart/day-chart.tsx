import { scaleBand } from 'd3-scale'
import { useLocale } from 'next-intl'
import { useId } from 'react'
import { amountScale, share } from '#app/_ui/chart/amount-scale.ts'
import { ChartTable } from '#app/_ui/chart/chart-table.tsx'
import { DayAxis } from '#app/_ui/chart/day-axis.tsx'
import { formatCredits } from '#lib/money.ts'

type DayChartProps = {
  /** In the order of the calendar, without gaps. */
  days: readonly { day: string; micros: bigint }[]
  title: string
  /** What it shows, in a sentence, for who does not see it. */
  description: string
  /** Names of the two columns of the table. */
  head: [string, string]
}

/** Credits by day as bars that begin at zero; the same as a table one click away. Drawn on the server. */
export function DayChart({ days, title, description, head }: DayChartProps) {
  const id = useId()
  const locale = useLocale()
  const scale = amountScale(days.map(({ micros }) => micros))
  const band = scaleBand<string>()
    .domain(days.map(({ day }) => day))
    .range([0, 100])
    .paddingInner(days.length > 120 ? 0 : 0.25)
  const long = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' })

  return (
    <figure>
      <div className="figures grid grid-cols-[auto_1fr] gap-x-2 text-muted text-xs">
        <div className="relative h-40" aria-hidden="true">
          {/* As wide as the widest label; the labels themselves stand at their heights. */}
          {scale.ticks.map((tick) => (
            <span key={tick} className="block h-0 overflow-hidden">
              {formatCredits(tick, locale)}
            </span>
          ))}
          {scale.ticks.map((tick) => (
            <span
              key={tick}
              className="absolute end-0 translate-y-1/2 leading-none"
              style={{ bottom: `${share(tick, scale.max)}%` }}
            >
              {formatCredits(tick, locale)}
            </span>
          ))}
        </div>
        <svg
          viewBox="0 0 100 100"
          preserveAspectRatio="none"
          role="img"
          aria-labelledby={`${id}-title ${id}-description`}
          className="h-40 w-full overflow-visible"
        >
          <title id={`${id}-title`}>{title}</title>
          <desc id={`${id}-description`}>{description}</desc>
          {scale.ticks.map((tick) => (
            <line
              key={tick}
              x1="0"
              x2="100"
              y1={100 - share(tick, scale.max)}
              y2={100 - share(tick, scale.max)}
              vectorEffect="non-scaling-stroke"
              className={tick === 0n ? 'stroke-line-strong' : 'stroke-line'}
            />
          ))}
          {days.map(({ day, micros }) => (
            <g key={day}>
              <title>{`${long.format(new Date(day))}: ${formatCredits(micros, locale)}`}</title>
              {/* The whole height answers to the pointer, also on a day without spending. */}
              <rect x={band(day)} width={band.bandwidth()} y="0" height="100" fill="transparent" />
              <rect
                x={band(day)}
                width={band.bandwidth()}
                y={100 - share(micros, scale.max)}
                height={share(micros, scale.max)}
                className="fill-accent"
              />
            </g>
          ))}
        </svg>
        <DayAxis days={days.map(({ day }) => day)} band={band} />
      </div>
      <ChartTable
        caption={title}
        head={head}
        rows={[...days].reverse().map(({ day, micros }) => ({
          key: day,
          cells: [long.format(new Date(day)), formatCredits(micros, locale)],
        }))}
      />
    </figure>
  )
}
