'use client'

import { useLocale, useTranslations } from 'next-intl'
import { type ReactNode, useMemo } from 'react'
import { type DataColumn, DataTable } from '#app/admin/_parts/data-table.tsx'
import { TextLink } from '#app/admin/_parts/text-link.tsx'
import { BatchBadge, type BatchState } from '#app/admin/codes/batch-badge.tsx'
import { formatCredits } from '#lib/money.ts'

type Row = {
  id: string
  name: string
  state: BatchState
  creditsMicros: bigint
  codes: number
  usesPerCode: number
  redemptions: number
  people: number
  redeemBefore: Date | null
  createdAt: Date
}

type BatchesTableProps = { batches: Row[]; timeZone: string; empty: ReactNode }

/** Batches of codes, and how far they have been redeemed. */
export function BatchesTable({ batches, timeZone, empty }: BatchesTableProps) {
  const t = useTranslations('adminMoney')
  const locale = useLocale()
  const columns = useMemo<DataColumn<Row>[]>(() => {
    const day = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone })
    const number = new Intl.NumberFormat(locale)
    return [
      {
        id: 'name',
        header: t('column.batch'),
        look: { wide: true },
        cell: ({ row: { original: batch } }) => (
          <TextLink quiet href={`/admin/codes/${batch.id}`}>
            <span className="font-medium">{batch.name}</span>
          </TextLink>
        ),
      },
      { id: 'state', header: t('column.state'), cell: ({ row }) => <BatchBadge state={row.original.state} /> },
      {
        id: 'credits',
        header: t('column.creditsEach'),
        look: { align: 'end' },
        cell: ({ row }) => formatCredits(row.original.creditsMicros, locale),
      },
      {
        id: 'codes',
        header: t('column.codes'),
        look: { align: 'end' },
        cell: ({ row }) => number.format(row.original.codes),
      },
      {
        id: 'redeemed',
        header: t('column.redeemed'),
        look: { align: 'end' },
        cell: ({ row: { original: batch } }) =>
          t('codes.redeemedOf', { count: batch.redemptions, of: batch.codes * batch.usesPerCode }),
      },
      {
        id: 'people',
        header: t('column.people'),
        look: { align: 'end' },
        cell: ({ row }) => number.format(row.original.people),
      },
      {
        id: 'until',
        header: t('column.until'),
        cell: ({ row: { original: batch } }) => (batch.redeemBefore ? day.format(batch.redeemBefore) : '–'),
      },
      {
        id: 'created',
        header: t('column.created'),
        cell: ({ row }) => <span className="text-muted">{day.format(row.original.createdAt)}</span>,
      },
    ]
  }, [t, locale, timeZone])
  return (
    <DataTable
      id="code-batches"
      caption={t('codes.title')}
      columns={columns}
      rows={batches}
      rowKey={({ id }) => id}
      empty={empty}
    />
  )
}
