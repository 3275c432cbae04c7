import Link from 'next/link'
import { useLocale, useTranslations } from 'next-intl'
import { formatPrice } from '#lib/money.ts'
import type { AdminOrder } from '#lib/payments/index.ts'

/** A person's latest orders. */
export function RecentOrders({ orders, timeZone }: { orders: readonly AdminOrder[]; timeZone: string }) {
  const t = useTranslations('adminPeople.orders')
  const locale = useLocale()
  const day = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone })
  if (orders.length === 0) return <p className="text-muted text-sm">{t('none')}</p>
  return (
    <ul className="figures divide-y divide-line text-sm">
      {orders.map((order) => (
        <li key={order.id} className="relative grid grid-cols-[1fr_auto] gap-x-4 px-2 py-2.5 hover:bg-soft">
          <Link
            href={`/admin/orders/${order.id}`}
            prefetch={false}
            className="min-w-0 truncate after:absolute after:inset-0 focus-visible:outline-none focus-visible:after:outline-2 focus-visible:after:outline-accent"
          >
            {order.reference}
          </Link>
          <span className="text-end">{formatPrice(order.priceMinor, order.currency, locale)}</span>
          <span className="text-muted text-xs">
            <time dateTime={order.createdAt.toISOString()}>{day.format(order.createdAt)}</time>
          </span>
          <span className="text-end text-muted text-xs">
            {t(`state.${order.state}`)}
            {order.refundedMinor > 0n &&
              ` · ${t('refunded', { amount: formatPrice(order.refundedMinor, order.currency, locale) })}`}
          </span>
        </li>
      ))}
    </ul>
  )
}
