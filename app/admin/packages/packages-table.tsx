'use client'

import { useLocale, useTranslations } from 'next-intl'
import { type ReactNode, useMemo } from 'react'
import { Badge } from '#app/admin/_parts/badge.tsx'
import { type DataColumn, DataTable } from '#app/admin/_parts/data-table.tsx'
import { type KnownPackage, PackageDialog } from '#app/admin/packages/package-dialog.tsx'
import { formatCredits, formatPrice } from '#lib/money.ts'

/** Packages in their order; each can be changed. */
export function PackagesTable({ packages, empty }: { packages: KnownPackage[]; empty: ReactNode }) {
  const t = useTranslations('adminMoney')
  const locale = useLocale()
  const columns = useMemo<DataColumn<KnownPackage>[]>(
    () => [
      {
        id: 'package',
        header: t('column.package'),
        accessorFn: ({ id }) => id,
        cell: ({ row }) => <span className="font-medium">{row.original.id}</span>,
      },
      {
        id: 'state',
        header: t('column.state'),
        accessorFn: ({ active }) => Number(active),
        cell: ({ row: { original: one } }) => (
          <Badge tone={one.active ? 'success' : 'neutral'}>
            {t(one.active ? 'packages.active' : 'packages.hidden')}
          </Badge>
        ),
      },
      {
        id: 'price',
        header: t('column.price'),
        look: { align: 'end' },
        accessorFn: ({ priceMinor }) => priceMinor,
        cell: ({ row: { original: one } }) => formatPrice(one.priceMinor, one.currency, locale),
      },
      {
        id: 'credits',
        header: t('column.credits'),
        look: { align: 'end' },
        accessorFn: ({ creditsMicros }) => creditsMicros,
        cell: ({ row }) => formatCredits(row.original.creditsMicros, locale),
      },
      {
        id: 'bonus',
        header: t('column.bonus'),
        look: { align: 'end' },
        accessorFn: ({ bonusMicros }) => bonusMicros,
        cell: ({ row: { original: one } }) =>
          one.bonusMicros > 0n ? `+${formatCredits(one.bonusMicros, locale)}` : '–',
      },
      {
        id: 'position',
        header: t('column.position'),
        look: { align: 'end' },
        accessorFn: ({ position }) => position,
        cell: ({ row }) => row.original.position,
      },
      {
        id: 'change',
        header: t('column.change'),
        look: { align: 'end' },
        enableSorting: false,
        cell: ({ row: { original: one } }) => (
          <PackageDialog known={one} currency={one.currency} position={one.position} />
        ),
      },
    ],
    [t, locale],
  )
  return (
    <DataTable
      id="packages"
      caption={t('packages.title')}
      columns={columns}
      rows={packages}
      rowKey={({ id }) => id}
      sortable
      empty={empty}
    />
  )
}
