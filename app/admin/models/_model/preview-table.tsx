'use client'

import { useLocale, useTranslations } from 'next-intl'
import type { PricePreview } from '#lib/models/shared.ts'
import { marginPermille } from '#lib/models/shared.ts'
import { formatCredits } from '#lib/money.ts'

/** What the last month brought and cost at the price in force, and at the drafted one. */
export function PreviewTable({ preview }: { preview: PricePreview }) {
  const t = useTranslations('adminModels.preview')
  const locale = useLocale()
  const { before, after, sums, days } = preview
  const number = new Intl.NumberFormat(locale)
  const percent = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 })
  const credits = (micros: bigint) => formatCredits(micros, locale)
  if (sums.calls === 0) return <p className="text-muted text-sm">{t('nobody', { days })}</p>
  const share = (revenue: bigint, cost: bigint) => {
    const permille = marginPermille(revenue, cost)
    return permille === null ? '–' : percent.format(permille / 1_000)
  }
  const rows = [
    ['revenue', before && credits(before.revenueMicros), credits(after.revenueMicros)],
    ['cost', before && credits(before.costMicros), credits(after.costMicros)],
    [
      'margin',
      before && credits(before.revenueMicros - before.costMicros),
      credits(after.revenueMicros - after.costMicros),
    ],
    ['share', before && share(before.revenueMicros, before.costMicros), share(after.revenueMicros, after.costMicros)],
  ] as const
  const isLoss = after.revenueMicros < after.costMicros
  return (
    <div className="max-w-2xl rounded-xl bg-soft p-4">
      <table className="figures w-full text-sm">
        <caption className="mb-2 text-start font-medium">
          {t('title', { days, calls: number.format(sums.calls) })}
        </caption>
        <thead className="text-muted text-xs">
          <tr>
            <th scope="col" className="py-1 text-start font-normal">
              {t('what')}
            </th>
            <th scope="col" className="py-1 ps-3 text-end font-normal">
              {t('before')}
            </th>
            <th scope="col" className="py-1 ps-3 text-end font-normal">
              {t('after')}
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, was, will]) => (
            <tr key={name} className="border-line border-t">
              <th scope="row" className="py-1.5 text-start font-normal">
                {t(name)}
              </th>
              <td className="py-1.5 ps-3 text-end text-muted">{was ?? '–'}</td>
              <td
                className={`py-1.5 ps-3 text-end font-medium ${isLoss && (name === 'margin' || name === 'share') ? 'text-danger' : ''}`}
              >
                {will}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className="figures mt-2 text-muted text-xs">{t('charged', { amount: credits(preview.chargedMicros) })}</p>
    </div>
  )
}
