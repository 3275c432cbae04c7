import { useTranslations } from 'next-intl'
import type { Offender } from '#lib/verification.ts'

/** Rows that break a promise, with the figures that contradict each other. */
export function Offenders({ samples }: { samples: Offender[] }) {
  const t = useTranslations('adminMoney.ledger.check')
  const columns = Object.keys(samples[0] ?? {})
  return (
    <details className="mt-2">
      <summary className="inline-flex items-center text-muted text-xs underline underline-offset-4 hover:text-ink touch:min-h-11">
        {t('samples', { count: samples.length })}
      </summary>
      <div className="mt-2 max-h-96 overflow-auto rounded-lg bg-soft p-3">
        <table className="font-mono text-xs">
          <thead>
            <tr>
              {columns.map((column) => (
                <th key={column} scope="col" className="whitespace-nowrap pe-4 pb-1 text-start font-normal text-muted">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {samples.map((sample) => (
              <tr key={Object.values(sample).join(' ')}>
                {columns.map((column) => (
                  <td key={column} className="select-all whitespace-nowrap py-0.5 pe-4">
                    {sample[column] ?? '–'}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  )
}
