'use client'

import { useLocale, useTranslations } from 'next-intl'
import { type ReactNode, useMemo } from 'react'
import { type DataColumn, DataTable } from '#app/admin/_parts/data-table.tsx'
import { TextLink } from '#app/admin/_parts/text-link.tsx'
import { OrderBadges } from '#app/admin/orders/order-badges.tsx'
import { formatCredits, formatPrice } from '#lib/money.ts'
import type { DisputeState, OrderState, PaymentMethod } from '#lib/payments/shared.ts'

type Row = {
  id: string
  reference: string
  userId: string
  email: string | null
  method: PaymentMethod
  packageId: string
  creditsMicros: bigint
  priceMinor: bigint
  currency: string
  paidMinor: bigint
  paidCurrency: string | null
  state: OrderState
  refundedMinor: bigint
  dispute: DisputeState | null
  payerNote: string | null
  createdAt: Date
  paidAt: Date | null
}

type OrdersTableProps = { orders: Row[]; timeZone: string; empty: ReactNode }

/** Orders with who wants to buy what, and how far it came. */
export function OrdersTable({ orders, timeZone, empty }: OrdersTableProps) {
  const t = useTranslations('adminMoney')
  const locale = useLocale()
  const columns = useMemo<DataColumn<Row>[]>(() => {
    const when = new Intl.DateTimeFormat(locale, { dateStyle: 'short', timeStyle: 'short', timeZone })
    return [
      {
        id: 'reference',
        header: t('column.order'),
        cell: ({ row: { original: order } }) => (
          <TextLink quiet href={`/admin/orders/${order.id}`}>
            <span className="font-medium font-mono text-xs">{order.reference}</span>
          </TextLink>
        ),
      },
      {
        id: 'person',
        header: t('column.person'),
        look: { wide: true },
        cell: ({ row: { original: order } }) => (
          <div>
            <TextLink quiet href={`/admin/people/${order.userId}`}>
              {order.email ?? t('gone')}
            </TextLink>
            {order.payerNote && <span className="block text-muted text-xs">“{order.payerNote}”</span>}
          </div>
        ),
      },
      {
        id: 'state',
        header: t('column.state'),
        cell: ({ row }) => <OrderBadges order={row.original} />,
      },
      {
        id: 'price',
        header: t('column.price'),
        look: { align: 'end' },
        cell: ({ row: { original: order } }) => formatPrice(order.priceMinor, order.currency, locale),
      },
      {
        id: 'paid',
        header: t('column.paid'),
        look: { align: 'end' },
        cell: ({ row: { original: order } }) =>
          order.paidCurrency === null ? '–' : formatPrice(order.paidMinor, order.paidCurrency, locale),
      },
      {
        id: 'credits',
        header: t('column.credits'),
        look: { align: 'end' },
        cell: ({ row }) => formatCredits(row.original.creditsMicros, locale),
      },
      { id: 'method', header: t('column.method'), cell: ({ row }) => t(`methods.${row.original.method}`) },
      {
        id: 'created',
        header: t('column.ordered'),
        cell: ({ row }) => <span className="text-muted">{when.format(row.original.createdAt)}</span>,
      },
      {
        id: 'paidAt',
        header: t('column.paidAt'),
        cell: ({ row: { original: order } }) => (order.paidAt ? when.format(order.paidAt) : '–'),
      },
      { id: 'package', header: t('column.package'), cell: ({ row }) => row.original.packageId },
    ]
  }, [t, locale, timeZone])
  return (
    <DataTable
      id="orders"
      caption={t('orders.title')}
      columns={columns}
      rows={orders}
      rowKey={({ id }) => id}
      hidden={['credits', 'paidAt', 'package']}
      empty={empty}
    />
  )
}
