import { Plus } from 'lucide-react'
import type { Metadata } from 'next'
import Link from 'next/link'
import { getTranslations } from 'next-intl/server'
import { requirePageAdmin } from '#app/_server/context.ts'
import { buttonClass } from '#app/_ui/button.tsx'
import { choiceParam, type SearchParams, textParam } from '#app/admin/_parts/address.ts'
import { FilterBar, SearchFilter, SelectFilter } from '#app/admin/_parts/filters.tsx'
import { PageHead } from '#app/admin/_parts/page-head.tsx'
import { ModelsTable } from '#app/admin/models/models-table.tsx'
import { listOperatedModels, type OperatedModel } from '#lib/models/index.ts'
import { lossesOf, marginPermille } from '#lib/models/shared.ts'
import { getModelMargins } from '#lib/reports/index.ts'
import { getSetting } from '#lib/settings/index.ts'

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('adminModels'))('models.title') }
}

const STATES = ['usable', 'hidden', 'unpriced', 'unreachable', 'loss'] as const

export default async function ModelsPage({ searchParams }: { searchParams: Promise<SearchParams> }) {
  const { viewer: _viewer, ...ctx } = await requirePageAdmin()
  const params = await searchParams
  const [t, models, margins, currency] = await Promise.all([
    getTranslations('adminModels.models'),
    listOperatedModels(ctx),
    getModelMargins(ctx),
    getSetting(ctx, 'site_currency'),
  ])
  const wanted = textParam(params, 'q')?.toLowerCase()
  const state = choiceParam(params, 'state', STATES)
  const rows = models
    .map((model) => {
      const { price } = model
      const sold = margins.find(({ modelId }) => modelId === model.id)
      return {
        id: model.id,
        displayName: model.displayName,
        vendor: model.vendor,
        position: model.position,
        isDefault: model.isDefault,
        states: statesOf(model),
        inputMicros: price?.inputMicros ?? null,
        outputMicros: price?.outputMicros ?? null,
        costInputMicros: price?.costInputMicros ?? null,
        costOutputMicros: price?.costOutputMicros ?? null,
        marginPermille: price && lowestMargin(price),
        calls: sold?.calls ?? 0,
        chargedMicros: sold?.chargedMicros ?? 0n,
        soldMicros: sold?.marginMicros ?? 0n,
        soldPermille: sold ? marginPermille(sold.chargedMicros, sold.vendorCostMicros) : null,
      }
    })
    .filter((row) => !state || row.states.includes(state))
    .filter((row) => !wanted || row.id.toLowerCase().includes(wanted) || row.displayName.toLowerCase().includes(wanted))
  const add = (
    <Link href="/admin/models/new" prefetch={false} className={buttonClass('primary', 'small')}>
      <Plus className="size-4" aria-hidden="true" />
      {t('add')}
    </Link>
  )
  return (
    <>
      <PageHead title={t('title')} hint={t('hint', { currency })}>
        {add}
      </PageHead>
      <FilterBar clear={['q', 'state']}>
        <SearchFilter label={t('search')} />
        <SelectFilter
          name="state"
          label={t('state')}
          options={STATES.map((name) => [name, t(`states.${name}`)] as const)}
        />
      </FilterBar>
      <div className="mt-4">
        <ModelsTable models={rows} empty={models.length > 0 ? t('nothingFound') : t('empty')} />
      </div>
    </>
  )
}

function statesOf({ visible, reachable, price }: OperatedModel) {
  const names: (typeof STATES)[number][] = []
  if (visible && reachable && price) names.push('usable')
  if (!visible) names.push('hidden')
  if (!price) names.push('unpriced')
  if (!reachable) names.push('unreachable')
  if (price && lossesOf(price).length > 0) names.push('loss')
  return names
}

/** The smaller margin of input and output: what a list can say before anybody called. */
function lowestMargin(price: NonNullable<OperatedModel['price']>): number | null {
  const margins = [
    marginPermille(price.inputMicros, price.costInputMicros),
    marginPermille(price.outputMicros, price.costOutputMicros),
  ].filter((margin) => margin !== null)
  return margins.length > 0 ? Math.min(...margins) : null
}
