'use client'

import { useLocale, useTranslations } from 'next-intl'
import { type ReactNode, useMemo } from 'react'
import { formatSeconds } from '#app/_ui/receipt/format-seconds.ts'
import { type DataColumn, DataTable } from '#app/admin/_parts/data-table.tsx'
import { TextLink } from '#app/admin/_parts/text-link.tsx'
import { OutcomeBadge } from '#app/admin/calls/outcome-badge.tsx'
import type { Outcome } from '#lib/inference/shared.ts'
import { formatCredits } from '#lib/money.ts'

type Row = {
  id: string
  at: Date
  userId: string
  email: string | null
  modelName: string
  channelName: string | null
  outcome: Outcome
  inTokens: number
  outTokens: number
  heldMicros: bigint
  chargedMicros: bigint
  vendorCostMicros: bigint
  firstTokenMs: number | null
  durationMs: number
}

type CallsTableProps = {
  calls: Row[]
  timeZone: string
  /** One person's calls need not say whose they are. */
  isOfOne: boolean
  empty: ReactNode
}

/** Calls with what came of them and what they cost. */
export function CallsTable({ calls, timeZone, isOfOne, empty }: CallsTableProps) {
  const t = useTranslations('adminMoney')
  const locale = useLocale()
  const columns = useMemo<DataColumn<Row>[]>(() => {
    const when = new Intl.DateTimeFormat(locale, { dateStyle: 'short', timeStyle: 'medium', timeZone })
    const number = new Intl.NumberFormat(locale)
    const person: DataColumn<Row> = {
      id: 'person',
      header: t('column.person'),
      look: { wide: true },
      cell: ({ row: { original: call } }) => (
        <TextLink quiet href={`/admin/people/${call.userId}`}>
          {call.email ?? t('gone')}
        </TextLink>
      ),
    }
    return [
      {
        id: 'time',
        header: t('column.time'),
        cell: ({ row: { original: call } }) => (
          <TextLink quiet href={`/admin/calls/${call.id}`}>
            <time dateTime={call.at.toISOString()}>{when.format(call.at)}</time>
          </TextLink>
        ),
      },
      ...(isOfOne ? [] : [person]),
      { id: 'model', header: t('column.model'), cell: ({ row }) => row.original.modelName },
      {
        id: 'outcome',
        header: t('column.outcome'),
        cell: ({ row }) => <OutcomeBadge outcome={row.original.outcome} />,
      },
      {
        id: 'tokens',
        header: t('column.tokens'),
        look: { align: 'end' },
        cell: ({ row: { original: call } }) =>
          t('inOut', { in: number.format(call.inTokens), out: number.format(call.outTokens) }),
      },
      {
        id: 'charged',
        header: t('column.charged'),
        look: { align: 'end' },
        cell: ({ row: { original: call } }) =>
          call.chargedMicros > 0n ? (
            formatCredits(call.chargedMicros, locale)
          ) : (
            <span className="text-muted">{t('paid.free')}</span>
          ),
      },
      {
        id: 'held',
        header: t('column.held'),
        look: { align: 'end' },
        cell: ({ row }) => formatCredits(row.original.heldMicros, locale),
      },
      {
        id: 'cost',
        header: t('column.cost'),
        look: { align: 'end' },
        cell: ({ row }) => formatCredits(row.original.vendorCostMicros, locale),
      },
      {
        id: 'duration',
        header: t('column.duration'),
        look: { align: 'end' },
        cell: ({ row }) => <span className="text-muted">{formatSeconds(row.original.durationMs, locale)}</span>,
      },
      {
        id: 'firstToken',
        header: t('column.firstToken'),
        look: { align: 'end' },
        cell: ({ row: { original: call } }) =>
          call.firstTokenMs === null ? '–' : formatSeconds(call.firstTokenMs, locale),
      },
      { id: 'channel', header: t('column.channel'), cell: ({ row }) => row.original.channelName ?? '–' },
    ]
  }, [t, locale, timeZone, isOfOne])
  return (
    <DataTable
      id="calls"
      caption={t('calls.title')}
      columns={columns}
      rows={calls}
      rowKey={({ id }) => id}
      hidden={['held', 'firstToken', 'channel']}
      empty={empty}
    />
  )
}
