'use client'

import { useLocale, useTranslations } from 'next-intl'
import { type ReactNode, useMemo } from 'react'
import { Badge } from '#app/admin/_parts/badge.tsx'
import { type DataColumn, DataTable } from '#app/admin/_parts/data-table.tsx'
import { TextLink } from '#app/admin/_parts/text-link.tsx'
import { nameOfVendor } from '#lib/models/shared.ts'

type Row = {
  id: string
  name: string
  vendor: string
  baseUrl: string
  status: 'active' | 'disabled'
  priority: number
  weight: number
  models: number
  /** Keys in use, and those that the vendor refuses. */
  keys: number
  refused: number
  /** Of the last seven days. */
  calls: number
  failures: number
}

/** The ways to models, with how they do. */
export function ChannelsTable({ channels, empty }: { channels: Row[]; empty: ReactNode }) {
  const t = useTranslations('adminModels.channels')
  const locale = useLocale()
  const columns = useMemo<DataColumn<Row>[]>(() => {
    const number = new Intl.NumberFormat(locale)
    const percent = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 })
    return [
      {
        id: 'name',
        header: t('name'),
        accessorFn: (row) => row.name.toLowerCase(),
        look: { wide: true },
        cell: ({ row: { original: row } }) => (
          <div className="min-w-0">
            <TextLink quiet href={`/admin/channels/${row.id}`}>
              <span className="font-medium">{row.name}</span>
            </TextLink>
            <span className="block font-normal text-muted text-xs">
              {nameOfVendor(row.vendor)} · {new URL(row.baseUrl).host}
            </span>
          </div>
        ),
      },
      {
        id: 'state',
        header: t('state'),
        accessorFn: stateOf,
        cell: ({ row }) => <ChannelState {...row.original} />,
      },
      {
        id: 'keys',
        header: t('keys'),
        look: { align: 'end' },
        accessorFn: (row) => row.keys,
        cell: ({ row: { original: row } }) => (
          <span>
            {number.format(row.keys)}
            {row.refused > 0 && <span className="text-danger"> · {t('refusedKeys', { count: row.refused })}</span>}
          </span>
        ),
      },
      {
        id: 'models',
        header: t('models'),
        look: { align: 'end' },
        accessorFn: (row) => row.models,
        cell: ({ row }) => number.format(row.original.models),
      },
      {
        id: 'calls',
        header: t('calls'),
        look: { align: 'end' },
        accessorFn: (row) => row.calls,
        cell: ({ row }) => number.format(row.original.calls),
      },
      {
        id: 'failures',
        header: t('failures'),
        look: { align: 'end' },
        accessorFn: (row) => (row.calls > 0 ? row.failures / row.calls : 0),
        cell: ({ row: { original: row } }) => (row.calls > 0 ? percent.format(row.failures / row.calls) : '–'),
      },
      {
        id: 'priority',
        header: t('priority'),
        look: { align: 'end' },
        accessorFn: (row) => row.priority,
        cell: ({ row: { original: row } }) => `${number.format(row.priority)} / ${number.format(row.weight)}`,
      },
    ]
  }, [t, locale])
  return (
    <DataTable
      id="channels"
      caption={t('title')}
      columns={columns}
      rows={channels}
      rowKey={({ id }) => id}
      sortable
      empty={empty}
    />
  )
}

type State = Pick<Row, 'status' | 'keys' | 'refused' | 'models'>

function stateOf({ status, keys, refused, models }: State) {
  if (status === 'disabled') return 'disabled'
  if (keys === 0) return refused > 0 ? 'dead' : 'noKey'
  return models === 0 ? 'noModels' : 'fine'
}

const TONES = { disabled: 'neutral', dead: 'danger', noKey: 'danger', noModels: 'warning', fine: 'success' } as const

/** How a channel is, in a word. */
export function ChannelState(state: State) {
  const t = useTranslations('adminModels.channels.states')
  const name = stateOf(state)
  return <Badge tone={TONES[name]}>{t(name)}</Badge>
}
