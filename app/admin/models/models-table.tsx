'use client'

import { useLocale, useTranslations } from 'next-intl'
import { type ReactNode, useMemo } from 'react'
import { Badge, type BadgeTone } from '#app/admin/_parts/badge.tsx'
import { type DataColumn, DataTable } from '#app/admin/_parts/data-table.tsx'
import { TextLink } from '#app/admin/_parts/text-link.tsx'
import { modelHref } from '#app/admin/models/model-href.ts'
import { nameOfVendor } from '#lib/models/shared.ts'
import { formatCredits } from '#lib/money.ts'

type State = 'usable' | 'hidden' | 'unpriced' | 'unreachable' | 'loss'

type Row = {
  id: string
  displayName: string
  vendor: string
  position: number
  isDefault: boolean
  states: State[]
  /** Credits per one million tokens, in micro-credits; null without a price in force. */
  inputMicros: bigint | null
  outputMicros: bigint | null
  costInputMicros: bigint | null
  costOutputMicros: bigint | null
  /** The smaller margin of input and output, in tenths of a percent. */
  marginPermille: number | null
  /** Of the last thirty days. */
  calls: number
  chargedMicros: bigint
  soldMicros: bigint
  soldPermille: number | null
}

const TONES: Record<State, BadgeTone> = {
  usable: 'success',
  hidden: 'neutral',
  unpriced: 'warning',
  unreachable: 'warning',
  loss: 'danger',
}

/** All models with what they cost, and what is left of it. */
export function ModelsTable({ models, empty }: { models: Row[]; empty: ReactNode }) {
  const t = useTranslations('adminModels.models')
  const locale = useLocale()
  const columns = useMemo<DataColumn<Row>[]>(() => {
    const number = new Intl.NumberFormat(locale)
    const percent = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 })
    const amount = (micros: bigint | null) => (micros === null ? '–' : formatCredits(micros, locale))
    const share = (permille: number | null) => {
      if (permille === null) return '–'
      return <span className={permille < 0 ? 'text-danger' : ''}>{percent.format(permille / 1_000)}</span>
    }
    const money = (id: 'inputMicros' | 'outputMicros' | 'costInputMicros' | 'costOutputMicros'): DataColumn<Row> => ({
      id,
      header: t(id),
      look: { align: 'end' },
      accessorFn: (row) => Number(row[id] ?? -1n),
      cell: ({ row }) => amount(row.original[id]),
    })
    return [
      {
        id: 'name',
        header: t('name'),
        accessorFn: (row) => row.displayName.toLowerCase(),
        look: { wide: true },
        cell: ({ row: { original: row } }) => (
          <div className="min-w-0">
            <TextLink quiet href={modelHref(row.id)}>
              <span className="font-medium">{row.displayName}</span>
            </TextLink>
            <span className="block font-normal text-muted text-xs">
              {nameOfVendor(row.vendor)}
              {row.displayName !== row.id && ` · ${row.id}`}
            </span>
          </div>
        ),
      },
      {
        id: 'state',
        header: t('state'),
        accessorFn: (row) => row.states.join(' '),
        cell: ({ row: { original: row } }) => (
          <span className="inline-flex max-w-44 flex-wrap gap-1">
            {row.isDefault && <Badge tone="accent">{t('default')}</Badge>}
            {row.states.map((state) => (
              <Badge key={state} tone={TONES[state]}>
                {t(`states.${state}`)}
              </Badge>
            ))}
          </span>
        ),
      },
      money('inputMicros'),
      money('outputMicros'),
      money('costInputMicros'),
      money('costOutputMicros'),
      {
        id: 'margin',
        header: t('margin'),
        look: { align: 'end' },
        accessorFn: (row) => row.marginPermille ?? Number.NEGATIVE_INFINITY,
        cell: ({ row }) => share(row.original.marginPermille),
      },
      {
        id: 'calls',
        header: t('calls'),
        look: { align: 'end' },
        accessorFn: (row) => row.calls,
        cell: ({ row }) => number.format(row.original.calls),
      },
      {
        id: 'charged',
        header: t('charged'),
        look: { align: 'end' },
        accessorFn: (row) => Number(row.chargedMicros),
        cell: ({ row }) => amount(row.original.chargedMicros),
      },
      {
        id: 'sold',
        header: t('sold'),
        look: { align: 'end' },
        accessorFn: (row) => Number(row.soldMicros),
        cell: ({ row: { original: row } }) => (
          <span>
            {row.calls === 0 ? (
              '–'
            ) : (
              <>
                {amount(row.soldMicros)} <span className="text-muted text-xs">{share(row.soldPermille)}</span>
              </>
            )}
          </span>
        ),
      },
      {
        id: 'position',
        header: t('position'),
        look: { align: 'end' },
        accessorFn: (row) => row.position,
        cell: ({ row }) => number.format(row.original.position),
      },
    ]
  }, [t, locale])
  return (
    <DataTable
      id="models"
      caption={t('title')}
      columns={columns}
      rows={models}
      rowKey={({ id }) => id}
      hidden={['charged', 'position']}
      sortable
      empty={empty}
    />
  )
}
