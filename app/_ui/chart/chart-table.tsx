import { useTranslations } from 'next-intl'

type ChartTableProps = {
  caption: string
  /** Names of the columns; the first names the rows. */
  head: readonly [string, ...string[]]
  rows: readonly { key: string; cells: readonly [string, ...string[]] }[]
}

/** What a chart shows, in numbers, folded away; the chart itself is a picture and not read out. */
export function ChartTable({ caption, head, rows }: ChartTableProps) {
  const t = useTranslations('common.chart')
  return (
    <details className="group mt-3 text-sm">
      <summary
        aria-label={`${t('asTable')}: ${caption}`}
        className="inline-flex items-center text-muted text-xs underline underline-offset-4 hover:text-ink touch:min-h-11"
      >
        {t('asTable')}
      </summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: whoever has no mouse scrolls it with the arrow keys. */}
      <section className="mt-2 max-h-72 overflow-y-auto" tabIndex={0} aria-label={caption}>
        <table className="figures w-full">
          <caption className="sr-only">{caption}</caption>
          <thead className="text-muted text-xs">
            <tr>
              <th scope="col" className="py-1 text-start font-normal">
                {head[0]}
              </th>
              {head.slice(1).map((name) => (
                <th key={name} scope="col" className="py-1 ps-3 text-end font-normal">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody className="divide-y divide-line">
            {rows.map(({ key, cells }) => (
              <tr key={key}>
                <th scope="row" className="break-words py-1.5 text-start font-normal">
                  {cells[0]}
                </th>
                {cells.slice(1).map((cell, index) => (
                  <td key={head[index + 1]} className="py-1.5 ps-3 text-end">
                    {cell}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </details>
  )
}
