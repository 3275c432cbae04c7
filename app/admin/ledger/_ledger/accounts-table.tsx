'use client'

import { useLocale, useTranslations } from 'next-intl'
import { useMemo } from 'react'
import { type DataColumn, DataTable } from '#app/admin/_parts/data-table.tsx'
import { TextLink } from '#app/admin/_parts/text-link.tsx'
import { formatCredits } from '#lib/money.ts'

type Row = { code: string; inMicros: bigint; outMicros: bigint; balanceMicros: bigint }

/** The house's accounts with what they hold, and before them all wallets together. */
export function AccountsTable({ accounts }: { accounts: Row[] }) {
  const t = useTranslations('adminMoney')
  const locale = useLocale()
  const columns = useMemo<DataColumn<Row>[]>(() => {
    const amount = (micros: bigint) => formatCredits(micros, locale)
    return [
      {
        id: 'account',
        header: t('column.account'),
        look: { wide: true },
        cell: ({ row: { original: account } }) => (
          <div className="text-start">
            <TextLink
              quiet
              href={
                account.code === 'wallet' ? '/admin/ledger/wallets' : `/admin/ledger/transfers?account=${account.code}`
              }
            >
              <span className="font-medium">{t(`accounts.${account.code as 'wallet'}.name`)}</span>
            </TextLink>
            <span className="block text-muted text-xs">{t(`accounts.${account.code as 'wallet'}.holds`)}</span>
          </div>
        ),
      },
      { id: 'in', header: t('column.in'), look: { align: 'end' }, cell: ({ row }) => amount(row.original.inMicros) },
      { id: 'out', header: t('column.out'), look: { align: 'end' }, cell: ({ row }) => amount(row.original.outMicros) },
      {
        id: 'balance',
        header: t('column.balance'),
        look: { align: 'end' },
        cell: ({ row }) => <span className="font-medium">{amount(row.original.balanceMicros)}</span>,
      },
    ]
  }, [t, locale])
  return (
    <DataTable
      id="house-accounts"
      caption={t('ledger.accounts')}
      columns={columns}
      rows={accounts}
      rowKey={({ code }) => code}
      empty={t('ledger.noTransfers')}
    />
  )
}
