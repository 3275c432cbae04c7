import { useLocale, useTranslations } from 'next-intl'
import { TextLink } from '#app/admin/_parts/text-link.tsx'
import { creditsToDecimal } from '#lib/money.ts'
import type { OrderTransfer } from '#lib/payments/index.ts'

const SIGNS = { in: '+', out: '−', house: '' } as const

/** What moved in the ledger for an order, the oldest first, as its wallet sees it. */
export function OrderTransfers({ transfers, timeZone }: { transfers: OrderTransfer[]; timeZone: string }) {
  const t = useTranslations('adminMoney')
  const locale = useLocale()
  const when = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', timeZone })
  if (transfers.length === 0) return <p className="text-muted text-sm">{t('order.noTransfers')}</p>
  return (
    <ul className="figures text-sm">
      {transfers.map(({ id, kind, amountMicros, direction, at }) => (
        <li key={id} className="flex items-baseline justify-between gap-x-4 border-line border-t py-2 first:border-0">
          <span className="min-w-0">
            <TextLink href={`/admin/ledger/transfers/${id}`}>{t(`kinds.${kind}`)}</TextLink>
            {direction === 'house' && <span className="text-muted"> · {t('order.house')}</span>}
            <span className="block text-muted text-xs">{when.format(at)}</span>
          </span>
          <span>
            {SIGNS[direction]}
            {creditsToDecimal(amountMicros)}
          </span>
        </li>
      ))}
    </ul>
  )
}
