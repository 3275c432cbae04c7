import { useLocale, useTranslations } from 'next-intl'
import { Alert } from '#app/_ui/alert.tsx'
import { marginPermille, PRICE_KINDS, pairOf, type UnitPrices } from '#lib/models/shared.ts'
import { formatCredits } from '#lib/money.ts'

/** What a million tokens of each kind cost now. */
export function PriceNow({ price, requestMicros }: { price: UnitPrices | null; requestMicros: bigint }) {
  const t = useTranslations('adminModels.price')
  const locale = useLocale()
  const percent = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 })
  if (!price) return <Alert tone="warning">{t('none')}</Alert>
  return (
    <>
      <table className="figures w-full max-w-2xl text-sm">
        <thead className="text-muted text-xs">
          <tr>
            <th scope="col" className="py-1 text-start font-normal">
              {t('kind')}
            </th>
            {(['sale', 'cost', 'margin'] as const).map((name) => (
              <th key={name} scope="col" className="py-1 ps-3 text-end font-normal">
                {t(name)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {PRICE_KINDS.map((kind) => {
            const { price: sale, cost } = pairOf(price, kind)
            const margin = marginPermille(sale, cost)
            return (
              <tr key={kind} className="border-line border-t">
                <th scope="row" className="py-1.5 text-start font-normal">
                  {t(`kinds.${kind}`)}
                </th>
                <td className="py-1.5 ps-3 text-end">{formatCredits(sale, locale)}</td>
                <td className="py-1.5 ps-3 text-end text-muted">{formatCredits(cost, locale)}</td>
                <td className={`py-1.5 ps-3 text-end ${sale < cost ? 'text-danger' : ''}`}>
                  {margin === null ? '–' : percent.format(margin / 1_000)}
                </td>
              </tr>
            )
          })}
        </tbody>
      </table>
      {requestMicros > 0n && (
        <p className="figures mt-3 text-muted text-sm">
          {t('perCall', { amount: formatCredits(requestMicros, locale) })}
        </p>
      )}
    </>
  )
}
