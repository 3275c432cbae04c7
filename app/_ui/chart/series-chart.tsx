import { max } from 'd3-array'
import { type ScaleBand, scaleBand, scaleLinear } from 'd3-scale'
import { useLocale } from 'next-intl'
import { useId } from 'react'
import { ChartTable } from '#app/_ui/chart/chart-table.tsx'
import { DayAxis } from '#app/_ui/chart/day-axis.tsx'

const TICKS = 4
/** With fewer places than that bars would be as broad as doors. */
const FEW = 5

/** Colours that differ in lightness, so that they do in grey as well. */
const TONES = {
  strong: { fill: 'fill-accent', stroke: 'stroke-accent', swatch: 'bg-accent' },
  // Mixed, not see-through: lines of the axis would shine through the bars.
  faint: {
    fill: 'fill-[color-mix(in_oklch,var(--accent)_55%,var(--raised))]',
    stroke: 'stroke-[color-mix(in_oklch,var(--accent)_55%,var(--raised))]',
    swatch: 'bg-[color-mix(in_oklch,var(--accent)_55%,var(--raised))]',
  },
  danger: { fill: 'fill-danger', stroke: 'stroke-danger', swatch: 'bg-danger' },
} as const

export type Series = {
  key: string
  name: string
  /** One for each place; null where there is nothing to show. None is negative. */
  values: readonly (number | null)[]
  /** The same in words, exact, for the table. */
  texts: readonly string[]
  tone: keyof typeof TONES
}

type SeriesChartProps = {
  /** Days in the order of the calendar, or the first ones of weeks; `YYYY-MM-DD`. */
  places: readonly string[]
  series: readonly Series[]
  /** Bars side by side, bars on top of each other from the first series up, or lines. */
  shape: 'grouped' | 'stacked' | 'lines'
  title: string
  /** What it shows, in a sentence, for who does not see it. */
  description: string
  /** Name of the table's first column. */
  placeName: string
  /** Where the axis ends while there is nothing to show. */
  least: number
  /** True for what has no halves: the axis then has none. */
  whole?: boolean
  /** Words at the axis. */
  format: (value: number) => string
}

/** Several figures over time on one axis that begins at zero; the same as a table one click away. Drawn on the server. */
export function SeriesChart({
  places,
  series,
  shape,
  title,
  description,
  placeName,
  format,
  least,
  whole = false,
}: SeriesChartProps) {
  const id = useId()
  const locale = useLocale()
  const largest = max(places, (_, index) => heightAt(series, shape, index)) || least
  const scale = scaleLinear().domain([0, largest]).nice(TICKS)
  const ticks = scale.ticks(TICKS).filter((tick) => !whole || Number.isInteger(tick))
  const top = Math.max(scale.domain()[1]!, ticks.at(-1)!)
  const share = (value: number) => (100 * value) / top
  const band = scaleBand<string>()
    .domain(places)
    .range([0, 100])
    .paddingInner(places.length > 120 ? 0 : 0.25)
    .paddingOuter(places.length < FEW ? 1 : 0)
  const long = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' })
  const draw = { places, series, band, share }

  return (
    <figure>
      <ul className="mb-3 flex flex-wrap gap-x-4 gap-y-1 text-muted text-xs">
        {series.map(({ key, name, tone }) => (
          <li key={key} className="inline-flex items-center gap-1.5">
            <span className={`h-2.5 w-2.5 rounded-xs ${TONES[tone].swatch}`} aria-hidden="true" />
            {name}
          </li>
        ))}
      </ul>
      <div className="figures grid grid-cols-[auto_minmax(0,1fr)] gap-x-2 text-muted text-xs">
        <div className="relative h-44" aria-hidden="true">
          {/* As wide as the widest label; the labels themselves stand at their heights. */}
          {ticks.map((tick) => (
            <span key={tick} className="block h-0 overflow-hidden whitespace-nowrap">
              {format(tick)}
            </span>
          ))}
          {ticks.map((tick) => (
            <span
              key={tick}
              className="absolute end-0 translate-y-1/2 whitespace-nowrap leading-none"
              style={{ bottom: `${share(tick)}%` }}
            >
              {format(tick)}
            </span>
          ))}
        </div>
        <svg
          viewBox="0 0 100 100"
          preserveAspectRatio="none"
          role="img"
          aria-labelledby={`${id}-title ${id}-description`}
          className="h-44 w-full overflow-visible"
        >
          <title id={`${id}-title`}>{title}</title>
          <desc id={`${id}-description`}>{description}</desc>
          {ticks.map((tick) => (
            <line
              key={tick}
              x1="0"
              x2="100"
              y1={100 - share(tick)}
              y2={100 - share(tick)}
              vectorEffect="non-scaling-stroke"
              className={tick === 0 ? 'stroke-line-strong' : 'stroke-line'}
            />
          ))}
          {shape === 'lines' ? <Lines {...draw} /> : <Bars {...draw} stacked={shape === 'stacked'} />}
          {places.map((place, index) => (
            // The whole height answers to the pointer, also where there is nothing.
            <rect key={place} x={band(place)} width={band.step()} y="0" height="100" fill="transparent">
              <title>
                {`${long.format(new Date(place))}\n${series.map(({ name, texts }) => `${name}: ${texts[index]}`).join('\n')}`}
              </title>
            </rect>
          ))}
        </svg>
        <DayAxis days={places} band={band} />
      </div>
      <ChartTable
        caption={title}
        head={[placeName, ...series.map(({ name }) => name)]}
        rows={places
          .map((place, index) => ({
            key: place,
            cells: [long.format(new Date(place)), ...series.map(({ texts }) => texts[index]!)] as [string, ...string[]],
          }))
          .reverse()}
      />
    </figure>
  )
}

function heightAt(series: readonly Series[], shape: SeriesChartProps['shape'], index: number): number {
  const values = series.map(({ values: all }) => all[index] ?? 0)
  return shape === 'stacked' ? values.reduce((sum, value) => sum + value, 0) : Math.max(0, ...values)
}

type Drawing = {
  places: readonly string[]
  series: readonly Series[]
  band: ScaleBand<string>
  share: (value: number) => number
}

function Bars({ places, series, band, share, stacked }: Drawing & { stacked: boolean }) {
  const width = stacked ? band.bandwidth() : band.bandwidth() / series.length
  return series.map(({ key, values, tone }, at) =>
    places.map((place, index) => {
      const height = share(values[index] ?? 0)
      if (height === 0) return null
      const below = stacked ? series.slice(0, at).map((one) => one.values[index] ?? 0) : []
      const base = share(below.reduce((sum, value) => sum + value, 0))
      return (
        <rect
          key={`${key} ${place}`}
          x={band(place)! + (stacked ? 0 : at * width)}
          width={width}
          y={100 - base - height}
          height={height}
          className={TONES[tone].fill}
        />
      )
    }),
  )
}

function Lines({ places, series, band, share }: Drawing) {
  const pointOf = (place: string, value: number) =>
    `${(band(place)! + band.bandwidth() / 2).toFixed(3)} ${(100 - share(value)).toFixed(3)}`
  return series.map(({ key, values, tone }) => {
    // A gap in the days is a gap in the line; a day between two gaps is a dot.
    const runs: string[][] = [[]]
    for (const [index, place] of places.entries()) {
      const value = values[index] ?? null
      if (value !== null) runs.at(-1)!.push(pointOf(place, value))
      else if (runs.at(-1)!.length > 0) runs.push([])
    }
    const path = runs
      .filter((run) => run.length > 0)
      .map((run) => (run.length === 1 ? `M${run[0]}h0` : `M${run.join('L')}`))
      .join('')
    return (
      <path
        key={key}
        d={path}
        fill="none"
        strokeLinecap="round"
        strokeLinejoin="round"
        vectorEffect="non-scaling-stroke"
        strokeWidth={places.length < FEW ? 6 : 2}
        className={TONES[tone].stroke}
      />
    )
  })
}
