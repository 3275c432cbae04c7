import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { getTranslations } from 'next-intl/server'
import { requirePageAdmin } from '#app/_server/context.ts'
import { getTimeZone } from '#app/_server/time-zone.ts'
import { Card } from '#app/_ui/card.tsx'
import { TimeZoneKeeper } from '#app/_ui/time-zone-keeper.tsx'
import { Badge } from '#app/admin/_parts/badge.tsx'
import { PageHead } from '#app/admin/_parts/page-head.tsx'
import { TextLink } from '#app/admin/_parts/text-link.tsx'
import { CarriedBy } from '#app/admin/models/_model/carried-by.tsx'
import { LimitsForm } from '#app/admin/models/_model/limits-form.tsx'
import { ModelActions } from '#app/admin/models/_model/model-actions.tsx'
import { ModelStats } from '#app/admin/models/_model/model-stats.tsx'
import { PriceForm } from '#app/admin/models/_model/price-form.tsx'
import { PriceHistory } from '#app/admin/models/_model/price-history.tsx'
import { PriceNow } from '#app/admin/models/_model/price-now.tsx'
import { modelIdOf } from '#app/admin/models/model-href.ts'
import type { UserCtx } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'
import { getModelInput, getOperatedModel, listPriceVersions } from '#lib/models/index.ts'
import { getModelMargins } from '#lib/reports/index.ts'
import { getSettings } from '#lib/settings/index.ts'

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('adminModels'))('models.one') }
}

export default async function ModelPage({ params }: { params: Promise<{ id: string[] }> }) {
  const { viewer: _viewer, ...ctx } = await requirePageAdmin()
  const model = await load(ctx, (await params).id)
  const [t, admin, timeZone, versions, margins, settings] = await Promise.all([
    getTranslations('adminModels.model'),
    getTranslations('admin'),
    getTimeZone(),
    listPriceVersions(ctx, { modelId: model.id }),
    getModelMargins(ctx),
    getSettings(ctx),
  ])
  const { price, channels, ...limits } = model
  return (
    <>
      <TimeZoneKeeper shown={timeZone} />
      <PageHead
        title={
          <span className="flex flex-wrap items-center gap-x-3">
            {model.displayName}
            <span className="inline-flex flex-wrap gap-1">
              {model.isDefault && <Badge tone="accent">{t('isDefault')}</Badge>}
              {!model.visible && <Badge>{t('isHidden')}</Badge>}
              {!price && <Badge tone="warning">{t('isUnpriced')}</Badge>}
              {!model.reachable && <Badge tone="warning">{t('isUnreachable')}</Badge>}
            </span>
          </span>
        }
        hint={<span className="break-all">{model.id}</span>}
      >
        <ModelActions modelId={model.id} visible={model.visible} isDefault={model.isDefault} />
      </PageHead>
      <div className="mt-5 grid grid-cols-1 gap-5">
        <ModelStats sold={margins.find(({ modelId }) => modelId === model.id) ?? null} />
        <Card title={t('priceTitle')} hint={t('priceHint', { currency: settings.site_currency })}>
          <PriceNow price={price} requestMicros={price?.requestMicros ?? 0n} />
        </Card>
        <Card title={t('newPriceTitle')} hint={t('newPriceHint')}>
          <PriceForm modelId={model.id} version={model.version} price={price} markupPercent={settings.markup_percent} />
        </Card>
        <Card title={t('historyTitle')}>
          <PriceHistory modelId={model.id} versions={versions} timeZone={timeZone} />
        </Card>
        <Card title={t('channelsTitle')}>
          <CarriedBy channels={channels} />
        </Card>
        <Card title={t('limitsTitle')}>
          <LimitsForm model={limits} />
        </Card>
        <p className="flex flex-wrap justify-between gap-x-4 text-muted text-xs">
          <TextLink href={`/admin/audit?subject=${encodeURIComponent(model.id)}`}>{t('audit')}</TextLink>
          {admin('timeZone', { zone: timeZone.replaceAll('_', ' ') })}
        </p>
      </div>
    </>
  )
}

async function load(ctx: UserCtx, segments: readonly string[]) {
  const input = getModelInput.safeParse({ modelId: modelIdOf(segments) })
  if (!input.success) notFound()
  try {
    return await getOperatedModel(ctx, input.data)
  } catch (error) {
    if (error instanceof AppError && error.code === 'not_found') notFound()
    throw error
  }
}
