'use client'

import { useLocale, useTranslations } from 'next-intl'
import { type ReactNode, useMemo } from 'react'
import { formatMoney, formatWait, shareOf } from '#app/admin/_overview/amounts.ts'
import { type DataColumn, DataTable } from '#app/admin/_parts/data-table.tsx'
import { TextLink } from '#app/admin/_parts/text-link.tsx'

/** What a model's or channel's calls came to. */
export type GroupRow = {
  id: string
  name: string
  /** Its own page; null where there is none. */
  href: string | null
  calls: number
  errors: number
  tokens: number
  chargedMicros: bigint
  vendorCostMicros: bigint
  marginMicros: bigint
  p50Ms: number | null
  p95Ms: number | null
}

type GroupTableProps = {
  id: string
  caption: string
  /** Name of the first column. */
  head: string
  rows: readonly GroupRow[]
  currency: string
  empty: ReactNode
}

/** Cost and margin by model or by channel, with bars from zero on one scale; it can be sorted by each column. */
export function GroupTable({ id, caption, head, rows, currency, empty }: GroupTableProps) {
  const t = useTranslations('adminOverview.column')
  const locale = useLocale()
  const columns = useMemo((): DataColumn<GroupRow>[] => {
    const most = rows.reduce((max, row) => maxOf(max, maxOf(row.chargedMicros, row.vendorCostMicros)), 0n)
    const money = (micros: bigint) => formatMoney(micros, currency, locale)
    const count = (value: number) =>
      new Intl.NumberFormat(locale, value < 100_000 ? {} : { notation: 'compact', maximumFractionDigits: 1 }).format(
        value,
      )
    const percent = (share: number | null) =>
      share === null
        ? '–'
        : new Intl.NumberFormat(locale, {
            style: 'percent',
            minimumFractionDigits: 1,
            maximumFractionDigits: 1,
          }).format(share)
    const width = (micros: bigint) => `${(shareOf(micros, most) ?? 0) * 100}%`
    return [
      {
        id: 'name',
        header: head,
        accessorFn: (row) => row.name,
        look: { wide: true },
        cell: ({ row: { original } }) => (
          <span className="grid w-full gap-1.5">
            {original.href ? (
              <TextLink href={original.href} quiet>
                {original.name}
              </TextLink>
            ) : (
              <span>{original.name}</span>
            )}
            <span className="grid gap-px border-line-strong border-s" aria-hidden="true">
              <span className="h-1.5 bg-accent" style={{ width: width(original.chargedMicros) }} />
              <span
                className="h-1.5 bg-[color-mix(in_oklch,var(--accent)_55%,var(--raised))]"
                style={{ width: width(original.vendorCostMicros) }}
              />
            </span>
          </span>
        ),
      },
      {
        id: 'charged',
        header: t('charged'),
        accessorFn: (row) => Number(row.chargedMicros),
        look: { align: 'end' },
        cell: ({ row: { original } }) => money(original.chargedMicros),
      },
      {
        id: 'cost',
        header: t('cost'),
        accessorFn: (row) => Number(row.vendorCostMicros),
        look: { align: 'end' },
        cell: ({ row: { original } }) => money(original.vendorCostMicros),
      },
      {
        id: 'margin',
        header: t('margin'),
        accessorFn: (row) => Number(row.marginMicros),
        look: { align: 'end' },
        cell: ({ row: { original } }) => (
          <span className={original.marginMicros < 0n ? 'text-danger' : ''}>{money(original.marginMicros)}</span>
        ),
      },
      {
        id: 'marginShare',
        header: t('marginShare'),
        accessorFn: (row) => shareOf(row.marginMicros, row.chargedMicros) ?? Number.NEGATIVE_INFINITY,
        look: { align: 'end', spare: true },
        cell: ({ row: { original } }) => percent(shareOf(original.marginMicros, original.chargedMicros)),
      },
      {
        id: 'calls',
        header: t('calls'),
        accessorFn: (row) => row.calls,
        look: { align: 'end' },
        cell: ({ row: { original } }) => count(original.calls),
      },
      {
        id: 'errors',
        header: t('errors'),
        accessorFn: (row) => shareOf(row.errors, row.calls) ?? 0,
        look: { align: 'end', spare: true },
        cell: ({ row: { original } }) => percent(shareOf(original.errors, original.calls)),
      },
      {
        id: 'tokens',
        header: t('tokens'),
        accessorFn: (row) => row.tokens,
        look: { align: 'end', spare: true },
        cell: ({ row: { original } }) => count(original.tokens),
      },
      {
        id: 'p50',
        header: t('p50'),
        accessorFn: (row) => row.p50Ms ?? -1,
        look: { align: 'end', spare: true },
        cell: ({ row: { original } }) => formatWait(original.p50Ms, locale),
      },
      {
        id: 'p95',
        header: t('p95'),
        accessorFn: (row) => row.p95Ms ?? -1,
        look: { align: 'end', spare: true },
        cell: ({ row: { original } }) => formatWait(original.p95Ms, locale),
      },
    ]
  }, [rows, currency, head, locale, t])
  return (
    <DataTable
      id={id}
      caption={caption}
      columns={columns}
      rows={rows}
      rowKey={(row) => row.id}
      hidden={HIDDEN}
      sortable
      empty={empty}
    />
  )
}

const HIDDEN = ['p50']

function maxOf(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}
