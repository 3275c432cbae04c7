import { scaleLinear } from 'd3-scale'
import { useLocale, useTranslations } from 'next-intl'
import { amountScale, share } from '#app/_ui/chart/amount-scale.ts'
import { ChartTable } from '#app/_ui/chart/chart-table.tsx'
import { formatCredits } from '#lib/money.ts'

type Part = { key: string; name: string; micros: bigint }

type ShareChartProps = {
  /** The largest first. */
  parts: readonly Part[]
  title: string
  /** Names of the two columns of the table. */
  head: [string, string]
}

const BARS = 5
// From the strongest to the faintest; they differ in lightness, so that they do in grey as well.
const STRENGTHS = scaleLinear()
  .domain([0, BARS - 1])
  .range([1, 0.35])

/** Credits by what they were spent on, as bars that begin at zero; beyond five the rest is one. Drawn on the server. */
export function ShareChart({ parts, title, head }: ShareChartProps) {
  const t = useTranslations('common.chart')
  const locale = useLocale()
  const bars = foldRest(parts, t('others'))
  const { max } = amountScale(bars.map(({ micros }) => micros))
  return (
    <figure className="figures">
      <div className="relative">
        <svg
          viewBox="0 0 100 100"
          preserveAspectRatio="none"
          aria-hidden="true"
          className="absolute inset-0 size-full overflow-visible"
        >
          {[0, 100].map((x) => (
            <line
              key={x}
              x1={x}
              x2={x}
              y1="0"
              y2="100"
              vectorEffect="non-scaling-stroke"
              className={x === 0 ? 'stroke-line-strong' : 'stroke-line'}
            />
          ))}
        </svg>
        <ul className="relative grid grid-cols-1 gap-3 py-1">
          {bars.map(({ key, name, micros }, index) => (
            <li key={key}>
              <div className="flex items-baseline justify-between gap-3 px-2 text-sm">
                <span className="min-w-0 truncate" title={name}>
                  {name}
                </span>
                <span className="text-muted">{formatCredits(micros, locale)}</span>
              </div>
              <div
                className="mt-0.5 h-2.5 bg-accent"
                style={{ width: `${share(micros, max)}%`, opacity: STRENGTHS(index) }}
              />
            </li>
          ))}
        </ul>
      </div>
      <div className="mt-1.5 flex justify-between text-muted text-xs" aria-hidden="true">
        <span>{formatCredits(0n, locale)}</span>
        <span>{formatCredits(max, locale)}</span>
      </div>
      <ChartTable
        caption={title}
        head={head}
        rows={parts.map(({ key, name, micros }) => ({ key, cells: [name, formatCredits(micros, locale)] }))}
      />
    </figure>
  )
}

function foldRest(parts: readonly Part[], others: string): Part[] {
  if (parts.length <= BARS) return [...parts]
  const rest = parts.slice(BARS - 1)
  const micros = rest.reduce((sum, part) => sum + part.micros, 0n)
  return [...parts.slice(0, BARS - 1), { key: '', name: others, micros }]
}
