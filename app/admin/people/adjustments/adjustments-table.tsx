'use client'

import { useLocale, useTranslations } from 'next-intl'
import { type ReactNode, useMemo } from 'react'
import { ActionDialog } from '#app/admin/_parts/action-dialog.tsx'
import { Badge, type BadgeTone } from '#app/admin/_parts/badge.tsx'
import { type DataColumn, DataTable } from '#app/admin/_parts/data-table.tsx'
import { TextLink } from '#app/admin/_parts/text-link.tsx'
import { approveChange, rejectChange } from '#app/admin/people/actions.ts'
import { creditsToDecimal, formatCredits } from '#lib/money.ts'

type Row = {
  id: string
  kind: 'grant' | 'adjustment'
  amountMicros: bigint
  lotExpiresAt: Date | null
  reason: string
  state: 'waiting' | 'posted' | 'rejected'
  ownerId: string | null
  ownerEmail: string | null
  requestedBy: string
  requestedByUserId: string | null
  requestedByEmail: string | null
  decidedByEmail: string | null
  decidedAt: Date | null
  createdAt: Date
}

const TONES: Record<Row['state'], BadgeTone> = { waiting: 'warning', posted: 'success', rejected: 'neutral' }

type AdjustmentsTableProps = { changes: Row[]; viewerId: string; timeZone: string; empty: ReactNode }

/** Changes of wallets by operators; those that wait can be let pass or turned down. */
export function AdjustmentsTable({ changes, viewerId, timeZone, empty }: AdjustmentsTableProps) {
  const t = useTranslations('adminPeople.changes')
  const locale = useLocale()
  const columns = useMemo<DataColumn<Row>[]>(() => {
    const when = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', timeZone })
    const day = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone })
    return [
      {
        id: 'person',
        header: t('person'),
        look: { wide: true },
        cell: ({ row: { original: change } }) =>
          change.ownerEmail ? (
            <TextLink quiet href={`/admin/people/${change.ownerId}`}>
              <span className="font-medium">{change.ownerEmail}</span>
            </TextLink>
          ) : (
            <span className="text-muted">{t('deleted')}</span>
          ),
      },
      {
        id: 'amount',
        header: t('amount'),
        look: { align: 'end' },
        cell: ({ row: { original: change } }) => (
          <span className="block">
            <span className={change.amountMicros > 0n ? 'text-success' : ''}>
              {change.amountMicros > 0n ? '+' : '−'}
              {formatCredits(change.amountMicros < 0n ? -change.amountMicros : change.amountMicros, locale)}
            </span>
            <span className="block text-muted text-xs">{t(`kinds.${change.kind}`)}</span>
            {change.lotExpiresAt && (
              <span className="block text-muted text-xs">
                {t('expires', { date: day.format(change.lotExpiresAt) })}
              </span>
            )}
          </span>
        ),
      },
      { id: 'reason', header: t('reason'), look: { wide: true }, cell: ({ row }) => row.original.reason },
      {
        id: 'asked',
        header: t('asked'),
        look: { wide: true },
        cell: ({ row: { original: change } }) => (
          <span className="block min-w-0">
            {change.requestedByEmail ?? change.requestedBy}
            <span className="block text-muted text-xs">{when.format(change.createdAt)}</span>
          </span>
        ),
      },
      {
        id: 'state',
        header: t('state'),
        cell: ({ row: { original: change } }) => (
          <span className="grid justify-items-start gap-1.5 max-sm:justify-items-end sm:min-w-44">
            <Badge tone={TONES[change.state]}>{t(`states.${change.state}`)}</Badge>
            {change.decidedAt && (
              <span className="block max-w-48 truncate text-muted text-xs" title={change.decidedByEmail ?? undefined}>
                {change.decidedByEmail ?? t('deleted')}
              </span>
            )}
            {change.state === 'waiting' && <Decide change={change} isOwn={change.requestedByUserId === viewerId} />}
          </span>
        ),
      },
    ]
  }, [t, locale, timeZone, viewerId])
  return (
    <DataTable
      id="adjustments"
      caption={t('title')}
      columns={columns}
      rows={changes}
      rowKey={({ id }) => id}
      empty={empty}
    />
  )
}

function Decide({ change, isOwn }: { change: Row; isOwn: boolean }) {
  const t = useTranslations('adminPeople.changes')
  const amount = creditsToDecimal(change.amountMicros < 0n ? -change.amountMicros : change.amountMicros)
  const email = change.ownerEmail ?? t('deleted')
  return (
    <span className="flex flex-wrap gap-2">
      {isOwn ? (
        <span className="self-center whitespace-normal text-muted text-xs">{t('yours')}</span>
      ) : (
        <ActionDialog
          label={t('approve')}
          title={t('approveTitle')}
          text={
            <p className="[overflow-wrap:anywhere]">
              {t(change.amountMicros > 0n ? 'approveGive' : 'approveTake', { amount, email })}
            </p>
          }
          confirm={t('approve')}
          variant="primary"
          values={{ adjustmentId: change.id }}
          action={approveChange}
        />
      )}
      <ActionDialog
        label={t(isOwn ? 'withdraw' : 'reject')}
        title={t(isOwn ? 'withdrawTitle' : 'rejectTitle')}
        text={<p className="[overflow-wrap:anywhere]">{t('rejectText', { amount, email })}</p>}
        confirm={t(isOwn ? 'withdraw' : 'reject')}
        values={{ adjustmentId: change.id }}
        reason
        action={rejectChange}
      />
    </span>
  )
}
