import { useTranslations } from 'next-intl'
import { type GroupRow, GroupTable } from '#app/admin/_overview/group-table.tsx'
import { ExportButton } from '#app/admin/_parts/export-button.tsx'
import { modelHref } from '#app/admin/models/model-href.ts'
import type { GroupFigures, Overview } from '#lib/reports/index.ts'

/** What each model and each channel brought in and cost. */
export function Groups({ overview }: { overview: Overview }) {
  const t = useTranslations('adminOverview')
  const groups = [
    { by: 'model', place: 'models', rows: overview.byModel.map((one) => toRow(one, one.name ?? '', modelHref)) },
    {
      by: 'channel',
      place: 'channels',
      rows: overview.byChannel.map((one) =>
        toRow(one, one.name ?? t(one.id === null ? 'channels.none' : 'channels.gone'), (id) => `/admin/channels/${id}`),
      ),
    },
  ] as const
  return groups.map(({ by, place, rows }) => (
    <section key={by} aria-labelledby={`by-${by}`} className="mt-10">
      <div className="mb-1 flex flex-wrap items-end justify-between gap-x-4 gap-y-2">
        <div className="min-w-0">
          <h2 id={`by-${by}`} className="font-semibold text-lg">
            {t(`${place}.title`)}
          </h2>
          <p className="mt-0.5 text-muted text-sm">
            {t(`${place}.hint`)} {t('legend')}
          </p>
        </div>
        {rows.length > 0 && <ExportButton href={`/api/admin/overview/${by}`} label={t(`${place}.title`)} />}
      </div>
      <GroupTable
        id={`overview-${by}`}
        caption={t(`${place}.title`)}
        head={t(`${place}.name`)}
        rows={rows}
        currency={overview.currency}
        empty={t(`${place}.empty`)}
      />
    </section>
  ))
}

function toRow({ id, calls, errors, ...sums }: GroupFigures, name: string, hrefOf: (id: string) => string): GroupRow {
  return {
    id: id ?? 'none',
    name,
    href: id === null || sums.name === null ? null : hrefOf(id),
    calls,
    errors,
    tokens: sums.inputTokens + sums.cacheReadTokens + sums.cacheWriteTokens + sums.outputTokens + sums.reasoningTokens,
    chargedMicros: sums.chargedMicros,
    vendorCostMicros: sums.vendorCostMicros,
    marginMicros: sums.marginMicros,
    p50Ms: sums.p50Ms,
    p95Ms: sums.p95Ms,
  }
}
