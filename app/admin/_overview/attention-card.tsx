import { TriangleAlert } from 'lucide-react'
import { getLocale, getTranslations } from 'next-intl/server'
import { formatMoney } from '#app/admin/_overview/amounts.ts'
import { placeOf } from '#app/admin/_overview/attention-place.ts'
import { TextLink } from '#app/admin/_parts/text-link.tsx'
import type { Attention } from '#lib/reports/index.ts'

type AttentionCardProps = { items: readonly Attention[]; currency: string; timeZone: string }

/** What somebody should look at now, each with the page on which it is solved. */
export async function AttentionCard({ items, currency, timeZone }: AttentionCardProps) {
  const [t, locale] = await Promise.all([getTranslations('adminOverview.attention'), getLocale()])
  const at = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', timeZone })
  return (
    <section
      aria-labelledby="attention-title"
      className="mt-6 rounded-2xl border border-line bg-raised px-4 pt-4 pb-2 sm:px-5"
    >
      <h2 id="attention-title" className="flex items-center gap-2 font-semibold text-base">
        <TriangleAlert className="size-4 shrink-0 text-warning" aria-hidden="true" />
        {t('title')}
      </h2>
      <table className="data-table figures mt-2 w-full text-sm" aria-labelledby="attention-title">
        <thead className="text-muted text-xs">
          <tr>
            <th scope="col" className="text-start">
              {t('what')}
            </th>
            <th scope="col" className="text-end">
              {t('since')}
            </th>
            <th scope="col">
              <span className="sr-only">{t('open')}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map((item) => {
            const href = placeOf(item)
            return (
              <tr key={`${item.kind} ${item.subjectId}`} className="last:border-b-0 last:*:border-b-0">
                <td className="data-wide">
                  {t(item.kind, {
                    count: item.count,
                    name: item.name ?? '',
                    detail: item.detail ?? '',
                    amount: formatMoney(item.micros ?? 0n, currency, locale),
                  })}
                </td>
                <td data-label={t('since')} className={`text-muted sm:text-end ${item.since ? '' : 'max-sm:hidden!'}`}>
                  {item.since ? at.format(item.since) : '–'}
                </td>
                <td className={`sm:text-end ${href ? '' : 'max-sm:hidden!'}`}>
                  {href && <TextLink href={href}>{t('open')}</TextLink>}
                </td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </section>
  )
}
