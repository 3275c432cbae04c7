'use client'

import { useLocale, useTranslations } from 'next-intl'
import { type ReactNode, useMemo } from 'react'
import { Badge } from '#app/admin/_parts/badge.tsx'
import { type DataColumn, DataTable } from '#app/admin/_parts/data-table.tsx'
import { TextLink } from '#app/admin/_parts/text-link.tsx'
import type { HoldState } from '#lib/ledger/shared.ts'
import { formatCredits } from '#lib/money.ts'

type Row = {
  id: string
  walletId: string
  email: string | null
  state: HoldState
  amountMicros: bigint
  capturedMicros: bigint
  createdAt: Date
  closedAt: Date | null
}

const TONES = { open: 'accent', captured: 'success', released: 'neutral' } as const

type HoldsTableProps = { holds: Row[]; timeZone: string; empty: ReactNode }

/** Holds with how they ended. */
export function HoldsTable({ holds, timeZone, empty }: HoldsTableProps) {
  const t = useTranslations('adminMoney')
  const locale = useLocale()
  const columns = useMemo<DataColumn<Row>[]>(() => {
    const when = new Intl.DateTimeFormat(locale, { dateStyle: 'short', timeStyle: 'medium', timeZone })
    return [
      {
        id: 'time',
        header: t('column.held'),
        cell: ({ row: { original: hold } }) => {
          const time = <time dateTime={hold.createdAt.toISOString()}>{when.format(hold.createdAt)}</time>
          // One that is open has no receipt yet.
          return hold.state === 'open' ? (
            time
          ) : (
            <TextLink quiet href={`/admin/calls/${hold.id}`}>
              {time}
            </TextLink>
          )
        },
      },
      {
        id: 'wallet',
        header: t('column.wallet'),
        look: { wide: true },
        cell: ({ row: { original: hold } }) => (
          <TextLink quiet href={`/admin/ledger/wallets/${hold.walletId}`}>
            {hold.email ?? t('walletOfGone')}
          </TextLink>
        ),
      },
      {
        id: 'state',
        header: t('column.state'),
        cell: ({ row: { original: hold } }) => <Badge tone={TONES[hold.state]}>{t(`holdStates.${hold.state}`)}</Badge>,
      },
      {
        id: 'amount',
        header: t('column.amount'),
        look: { align: 'end' },
        cell: ({ row }) => formatCredits(row.original.amountMicros, locale),
      },
      {
        id: 'charged',
        header: t('column.charged'),
        look: { align: 'end' },
        cell: ({ row: { original: hold } }) =>
          hold.state === 'open' ? '–' : formatCredits(hold.capturedMicros, locale),
      },
      {
        id: 'ended',
        header: t('column.ended'),
        cell: ({ row: { original: hold } }) => (
          <span className="text-muted">{hold.closedAt ? when.format(hold.closedAt) : '–'}</span>
        ),
      },
    ]
  }, [t, locale, timeZone])
  return (
    <DataTable
      id="holds"
      caption={t('ledger.places.holds')}
      columns={columns}
      rows={holds}
      rowKey={({ id }) => id}
      empty={empty}
    />
  )
}
