'use client'

import { useLocale, useTranslations } from 'next-intl'
import { type ReactNode, useMemo } from 'react'
import { Badge } from '#app/admin/_parts/badge.tsx'
import { type DataColumn, DataTable } from '#app/admin/_parts/data-table.tsx'
import { TextLink } from '#app/admin/_parts/text-link.tsx'

type Row = {
  id: string
  source: 'nightly' | 'command'
  state: 'running' | 'died' | 'finished'
  startedAt: Date
  finishedAt: Date | null
  differences: number | null
  rows: number
}

/** Runs of all checks, the latest first. */
export function ChecksTable({ checks, timeZone, empty }: { checks: Row[]; timeZone: string; empty: ReactNode }) {
  const t = useTranslations('adminMoney')
  const locale = useLocale()
  const columns = useMemo<DataColumn<Row>[]>(() => {
    const when = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', timeZone })
    const number = new Intl.NumberFormat(locale)
    const seconds = new Intl.NumberFormat(locale, { style: 'unit', unit: 'second', maximumFractionDigits: 1 })
    return [
      {
        id: 'time',
        header: t('column.begun'),
        cell: ({ row: { original: check } }) => (
          <TextLink quiet href={`/admin/ledger/checks/${check.id}`}>
            {when.format(check.startedAt)}
          </TextLink>
        ),
      },
      {
        id: 'state',
        header: t('column.found'),
        cell: ({ row: { original: check } }) => {
          if (check.state !== 'finished') {
            return (
              <Badge tone={check.state === 'running' ? 'accent' : 'warning'}>{t(`checkStates.${check.state}`)}</Badge>
            )
          }
          return check.differences === 0 ? (
            <Badge tone="success">{t('checkStates.fine')}</Badge>
          ) : (
            <Badge tone="danger">{t('checkStates.differ', { count: check.differences ?? 0 })}</Badge>
          )
        },
      },
      {
        id: 'rows',
        header: t('column.rows'),
        look: { align: 'end' },
        cell: ({ row: { original: check } }) => (check.state === 'finished' ? number.format(check.rows) : '–'),
      },
      {
        id: 'duration',
        header: t('column.duration'),
        look: { align: 'end' },
        cell: ({ row: { original: check } }) =>
          check.finishedAt ? seconds.format((check.finishedAt.getTime() - check.startedAt.getTime()) / 1000) : '–',
      },
      {
        id: 'source',
        header: t('column.why'),
        cell: ({ row }) => <span className="text-muted">{t(`checkSources.${row.original.source}`)}</span>,
      },
    ]
  }, [t, locale, timeZone])
  return (
    <DataTable
      id="checks"
      caption={t('ledger.places.checks')}
      columns={columns}
      rows={checks}
      rowKey={({ id }) => id}
      empty={empty}
    />
  )
}
