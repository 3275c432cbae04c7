'use client'

import { useLocale, useTranslations } from 'next-intl'
import { type ReactNode, useMemo } from 'react'
import { Badge } from '#app/admin/_parts/badge.tsx'
import { type DataColumn, DataTable } from '#app/admin/_parts/data-table.tsx'
import { TextLink } from '#app/admin/_parts/text-link.tsx'
import { formatCredits } from '#lib/money.ts'

type Row = {
  id: string
  email: string | null
  postedMicros: bigint
  heldMicros: bigint
  openHolds: number
  seq: bigint
  suspended: boolean
}

/** Wallets with what they hold. */
export function WalletsTable({ wallets, empty }: { wallets: Row[]; empty: ReactNode }) {
  const t = useTranslations('adminMoney')
  const locale = useLocale()
  const columns = useMemo<DataColumn<Row>[]>(() => {
    const number = new Intl.NumberFormat(locale)
    return [
      {
        id: 'owner',
        header: t('column.owner'),
        look: { wide: true },
        cell: ({ row: { original: wallet } }) => (
          <span className="inline-flex flex-wrap items-center gap-2">
            <TextLink quiet href={`/admin/ledger/wallets/${wallet.id}`}>
              {wallet.email ?? t('gone')}
            </TextLink>
            {wallet.suspended && <Badge tone="warning">{t('wallet.suspended')}</Badge>}
          </span>
        ),
      },
      {
        id: 'balance',
        header: t('column.balance'),
        look: { align: 'end' },
        cell: ({ row }) => formatCredits(row.original.postedMicros, locale),
      },
      {
        id: 'held',
        header: t('column.held'),
        look: { align: 'end' },
        cell: ({ row }) => formatCredits(row.original.heldMicros, locale),
      },
      {
        id: 'holds',
        header: t('column.openHolds'),
        look: { align: 'end' },
        cell: ({ row }) => number.format(row.original.openHolds),
      },
      {
        id: 'entries',
        header: t('column.entries'),
        look: { align: 'end' },
        cell: ({ row }) => number.format(row.original.seq),
      },
    ]
  }, [t, locale])
  return (
    <DataTable
      id="wallets"
      caption={t('ledger.places.wallets')}
      columns={columns}
      rows={wallets}
      rowKey={({ id }) => id}
      empty={empty}
    />
  )
}
