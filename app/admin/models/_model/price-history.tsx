'use client'

import { useLocale, useTranslations } from 'next-intl'
import { useMemo } from 'react'
import { ActionDialog } from '#app/admin/_parts/action-dialog.tsx'
import { Badge } from '#app/admin/_parts/badge.tsx'
import { type DataColumn, DataTable } from '#app/admin/_parts/data-table.tsx'
import { withdrawPrice } from '#app/admin/models/actions.ts'
import type { PriceVersion } from '#lib/models/shared.ts'
import { formatCredits } from '#lib/money.ts'

const TONES = { planned: 'accent', current: 'success', past: 'neutral' } as const

type PriceHistoryProps = { modelId: string; versions: PriceVersion[]; timeZone: string }

/** What a model costs, will cost and did cost; a price that has not begun can be taken back. */
export function PriceHistory({ modelId, versions, timeZone }: PriceHistoryProps) {
  const t = useTranslations('adminModels.history')
  const locale = useLocale()
  const canWithdrawAny = versions.some((version) => version.canWithdraw)
  const columns = useMemo<DataColumn<PriceVersion>[]>(() => {
    const when = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', timeZone })
    const credits = (micros: bigint) => formatCredits(micros, locale)
    const both = (
      id: string,
      header: string,
      read: (row: PriceVersion) => [bigint, bigint],
    ): DataColumn<PriceVersion> => ({
      id,
      header,
      look: { align: 'end' },
      cell: ({ row }) => {
        const [price, cost] = read(row.original)
        return (
          <span>
            {credits(price)} <span className="text-muted text-xs">/ {credits(cost)}</span>
          </span>
        )
      },
    })
    const action: DataColumn<PriceVersion> = {
      id: 'action',
      header: t('action'),
      cell: ({ row: { original: row } }) =>
        row.canWithdraw && (
          <ActionDialog
            label={t('withdraw')}
            title={t('withdrawTitle')}
            text={t('withdrawText', { when: when.format(row.from) })}
            confirm={t('withdraw')}
            variant="danger"
            values={{ modelId, priceVersionId: row.id }}
            action={withdrawPrice}
          />
        ),
    }
    return [
      {
        id: 'from',
        header: t('from'),
        cell: ({ row }) => when.format(row.original.from),
      },
      {
        id: 'state',
        header: t('state'),
        cell: ({ row: { original: row } }) => <Badge tone={TONES[row.state]}>{t(`states.${row.state}`)}</Badge>,
      },
      both('input', t('input'), (row) => [row.inputMicros, row.costInputMicros]),
      both('cacheRead', t('cacheRead'), (row) => [row.cacheReadMicros, row.costCacheReadMicros]),
      both('cacheWrite', t('cacheWrite'), (row) => [row.cacheWriteMicros, row.costCacheWriteMicros]),
      both('output', t('output'), (row) => [row.outputMicros, row.costOutputMicros]),
      both('reasoning', t('reasoning'), (row) => [row.reasoningMicros, row.costReasoningMicros]),
      {
        id: 'request',
        header: t('request'),
        look: { align: 'end' },
        cell: ({ row }) => credits(row.original.requestMicros),
      },
      {
        id: 'source',
        header: t('source'),
        cell: ({ row: { original: row } }) => <Source version={row} />,
      },
      ...(canWithdrawAny ? [action] : []),
    ]
  }, [t, locale, timeZone, modelId, canWithdrawAny])
  return (
    <DataTable
      id="prices"
      caption={t('title')}
      columns={columns}
      rows={versions}
      rowKey={({ id }) => id}
      hidden={['cacheWrite', 'reasoning', 'request']}
      empty={t('empty')}
    />
  )
}

function Source({ version }: { version: PriceVersion }) {
  const t = useTranslations('adminModels.history')
  const { sourceUrl, sourceDate, sourceCurrency, exchangeRate, createdBy } = version
  if (!sourceUrl)
    return <span className="text-muted text-xs">{createdBy.startsWith('user:') ? t('byHand') : t('byCommand')}</span>
  return (
    <span className="text-xs">
      <a href={sourceUrl} target="_blank" rel="noreferrer" className="underline underline-offset-4">
        {t('catalogue', { date: sourceDate ?? '' })}
      </a>
      {sourceCurrency && exchangeRate && Number(exchangeRate) !== 1 && (
        <span className="text-muted"> · {t('rate', { currency: sourceCurrency, rate: Number(exchangeRate) })}</span>
      )}
    </span>
  )
}
