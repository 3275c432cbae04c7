'use client'

import { useLocale, useTranslations } from 'next-intl'
import { useMemo } from 'react'
import { Badge } from '#app/admin/_parts/badge.tsx'
import { type DataColumn, DataTable } from '#app/admin/_parts/data-table.tsx'
import { RevokeDialog } from '#app/admin/codes/revoke-dialog.tsx'

type Row = { number: number; uses: number; revokedAt: Date | null }

type CodesTableProps = {
  codes: Row[]
  batchId: string
  name: string
  usesPerCode: number
  /** Nothing of the batch can be revoked any more. */
  isRevoked: boolean
}

/** The codes of a batch by number: their texts are kept nowhere. */
export function CodesTable({ codes, batchId, name, usesPerCode, isRevoked }: CodesTableProps) {
  const t = useTranslations('adminMoney')
  const locale = useLocale()
  const columns = useMemo<DataColumn<Row>[]>(() => {
    const number = new Intl.NumberFormat(locale)
    return [
      { id: 'number', header: t('column.number'), cell: ({ row }) => number.format(row.original.number) },
      {
        id: 'redeemed',
        header: t('column.redeemed'),
        look: { align: 'end' },
        cell: ({ row }) => t('codes.redeemedOf', { count: row.original.uses, of: usesPerCode }),
      },
      {
        id: 'state',
        header: t('column.state'),
        look: { align: 'end' },
        cell: ({ row: { original: code } }) => {
          if (code.revokedAt || isRevoked) return <Badge tone="danger">{t('codes.state.revoked')}</Badge>
          if (code.uses >= usesPerCode) return <Badge>{t('codes.state.used')}</Badge>
          return <RevokeDialog batchId={batchId} name={name} number={code.number} />
        },
      },
    ]
  }, [t, locale, batchId, name, usesPerCode, isRevoked])
  return (
    <DataTable
      id="codes"
      caption={t('codes.list')}
      columns={columns}
      rows={codes}
      rowKey={({ number }) => String(number)}
      empty={t('codes.noMore')}
    />
  )
}
