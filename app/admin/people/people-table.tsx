'use client'

import { useLocale, useTranslations } from 'next-intl'
import { type ReactNode, useMemo } from 'react'
import { Badge } from '#app/admin/_parts/badge.tsx'
import { type DataColumn, DataTable } from '#app/admin/_parts/data-table.tsx'
import { TextLink } from '#app/admin/_parts/text-link.tsx'
import { formatCredits } from '#lib/money.ts'

type Row = {
  id: string
  email: string
  name: string
  role: 'user' | 'admin'
  status: 'active' | 'disabled'
  createdAt: Date
  postedMicros: bigint
  heldMicros: bigint
  suspended: boolean
  lastSeenAt: Date | null
}

type PeopleTableProps = { people: Row[]; timeZone: string; empty: ReactNode }

/** People with what they have and when they came last. */
export function PeopleTable({ people, timeZone, empty }: PeopleTableProps) {
  const t = useTranslations('adminPeople')
  const locale = useLocale()
  const columns = useMemo<DataColumn<Row>[]>(() => {
    const day = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone })
    return [
      {
        id: 'name',
        header: t('column.person'),
        look: { wide: true },
        cell: ({ row: { original: person } }) => (
          <span className="block min-w-0">
            <TextLink quiet href={`/admin/people/${person.id}`}>
              <span className="font-medium">{person.name}</span>
            </TextLink>
            <span className="block font-normal text-muted text-xs">{person.email}</span>
          </span>
        ),
      },
      {
        id: 'state',
        header: t('column.state'),
        cell: ({ row: { original: person } }) => (
          <span className="inline-flex flex-wrap gap-1">
            {person.role === 'admin' && <Badge tone="accent">{t('roles.admin')}</Badge>}
            {person.status === 'disabled' && <Badge tone="danger">{t('statuses.disabled')}</Badge>}
            {person.suspended && <Badge tone="warning">{t('suspended')}</Badge>}
            {person.role === 'user' && person.status === 'active' && !person.suspended && (
              <span className="text-muted text-xs">{t('statuses.active')}</span>
            )}
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
        id: 'seen',
        header: t('column.seen'),
        cell: ({ row: { original: person } }) => (
          <span className="text-muted">{person.lastSeenAt ? day.format(person.lastSeenAt) : t('never')}</span>
        ),
      },
      {
        id: 'joined',
        header: t('column.joined'),
        cell: ({ row }) => <span className="text-muted">{day.format(row.original.createdAt)}</span>,
      },
    ]
  }, [t, locale, timeZone])
  return (
    <DataTable
      id="people"
      caption={t('title')}
      columns={columns}
      rows={people}
      rowKey={({ id }) => id}
      hidden={['held']}
      empty={empty}
    />
  )
}
