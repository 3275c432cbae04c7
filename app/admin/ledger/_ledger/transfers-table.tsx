'use client'

import { useLocale, useTranslations } from 'next-intl'
import { type ReactNode, useMemo } from 'react'
import { type DataColumn, DataTable } from '#app/admin/_parts/data-table.tsx'
import { TextLink } from '#app/admin/_parts/text-link.tsx'
import { causeOf } from '#app/admin/ledger/_ledger/cause.ts'
import { Side } from '#app/admin/ledger/_ledger/side.tsx'
import type { HouseCode, TransferKind } from '#lib/ledger/shared.ts'
import { formatCredits } from '#lib/money.ts'

type RowSide = { accountId: string; code: HouseCode | null; email: string | null }

type Row = {
  id: string
  kind: TransferKind
  at: Date
  amountMicros: bigint
  debit: RowSide
  credit: RowSide
  reference: string | null
  reason: string | null
  holdId: string | null
}

type TransfersTableProps = { transfers: Row[]; timeZone: string; empty: ReactNode }

/** Transfers with both their sides. */
export function TransfersTable({ transfers, timeZone, empty }: TransfersTableProps) {
  const t = useTranslations('adminMoney')
  const locale = useLocale()
  const columns = useMemo<DataColumn<Row>[]>(() => {
    const when = new Intl.DateTimeFormat(locale, { dateStyle: 'short', timeStyle: 'medium', timeZone })
    return [
      {
        id: 'time',
        header: t('column.time'),
        cell: ({ row: { original: transfer } }) => (
          <TextLink quiet href={`/admin/ledger/transfers/${transfer.id}`}>
            <time dateTime={transfer.at.toISOString()}>{when.format(transfer.at)}</time>
          </TextLink>
        ),
      },
      { id: 'kind', header: t('column.kind'), cell: ({ row }) => t(`kinds.${row.original.kind}`) },
      {
        id: 'from',
        header: t('column.from'),
        look: { wide: true },
        cell: ({ row }) => <Side side={row.original.debit} />,
      },
      {
        id: 'to',
        header: t('column.to'),
        look: { wide: true },
        cell: ({ row }) => <Side side={row.original.credit} />,
      },
      {
        id: 'amount',
        header: t('column.amount'),
        look: { align: 'end' },
        cell: ({ row }) => formatCredits(row.original.amountMicros, locale),
      },
      {
        id: 'why',
        header: t('column.why'),
        look: { wide: true },
        cell: ({ row: { original: transfer } }) => <Why transfer={transfer} />,
      },
    ]
  }, [t, locale, timeZone])
  return (
    <DataTable
      id="transfers"
      caption={t('ledger.places.transfers')}
      columns={columns}
      rows={transfers}
      rowKey={({ id }) => id}
      empty={empty}
    />
  )
}

/** Somebody's words, else a way to what the transfer belongs to: a number alone tells nobody why. */
function Why({ transfer }: { transfer: Row }) {
  const t = useTranslations('adminMoney')
  const cause = causeOf(transfer)
  if (transfer.reason === null && cause !== null) {
    return (
      <TextLink quiet href={cause.href}>
        {t(`transfer.cause.${cause.is}`)}
      </TextLink>
    )
  }
  return <span className="text-muted text-xs">{transfer.reason ?? transfer.reference ?? '–'}</span>
}
