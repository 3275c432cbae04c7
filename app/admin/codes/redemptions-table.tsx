'use client'

import { useLocale, useTranslations } from 'next-intl'
import { type ReactNode, useMemo } from 'react'
import { type DataColumn, DataTable } from '#app/admin/_parts/data-table.tsx'
import { TextLink } from '#app/admin/_parts/text-link.tsx'
import { formatCredits } from '#lib/money.ts'

type Row = {
  transferId: string
  number: number
  userId: string
  email: string | null
  creditsMicros: bigint
  createdAt: Date
}

type RedemptionsTableProps = { redemptions: Row[]; timeZone: string; empty: ReactNode }

/** Who redeemed codes of a batch, and when. */
export function RedemptionsTable({ redemptions, timeZone, empty }: RedemptionsTableProps) {
  const t = useTranslations('adminMoney')
  const locale = useLocale()
  const columns = useMemo<DataColumn<Row>[]>(() => {
    const when = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', timeZone })
    return [
      {
        id: 'person',
        header: t('column.person'),
        look: { wide: true },
        cell: ({ row: { original: one } }) => (
          <TextLink quiet href={`/admin/people/${one.userId}`}>
            {one.email ?? t('gone')}
          </TextLink>
        ),
      },
      { id: 'number', header: t('column.number'), look: { align: 'end' }, cell: ({ row }) => row.original.number },
      { id: 'time', header: t('column.time'), cell: ({ row }) => when.format(row.original.createdAt) },
      {
        id: 'credits',
        header: t('column.credits'),
        look: { align: 'end' },
        cell: ({ row: { original: one } }) => (
          <TextLink quiet href={`/admin/ledger/transfers/${one.transferId}`}>
            +{formatCredits(one.creditsMicros, locale)}
          </TextLink>
        ),
      },
    ]
  }, [t, locale, timeZone])
  return (
    <DataTable
      id="redemptions"
      caption={t('codes.redemptions')}
      columns={columns}
      rows={redemptions}
      rowKey={({ transferId }) => transferId}
      empty={empty}
    />
  )
}
