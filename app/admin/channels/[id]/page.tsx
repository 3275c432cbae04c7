import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { getTranslations } from 'next-intl/server'
import { requirePageAdmin } from '#app/_server/context.ts'
import { getTimeZone } from '#app/_server/time-zone.ts'
import { Card } from '#app/_ui/card.tsx'
import { TimeZoneKeeper } from '#app/_ui/time-zone-keeper.tsx'
import { PageHead } from '#app/admin/_parts/page-head.tsx'
import { TextLink } from '#app/admin/_parts/text-link.tsx'
import { CarriedModels } from '#app/admin/channels/_channel/carried-models.tsx'
import { ChannelActions } from '#app/admin/channels/_channel/channel-actions.tsx'
import { ChannelStats } from '#app/admin/channels/_channel/channel-stats.tsx'
import { EditForm } from '#app/admin/channels/_channel/edit-form.tsx'
import { KeyPool } from '#app/admin/channels/_channel/key-pool.tsx'
import { TestForm } from '#app/admin/channels/_channel/test-form.tsx'
import { ChannelState } from '#app/admin/channels/channels-table.tsx'
import type { UserCtx } from '#lib/ctx.ts'
import { AppError } from '#lib/errors.ts'
import { getChannel, getChannelInput, listOperatedModels } from '#lib/models/index.ts'
import { getSetting } from '#lib/settings/index.ts'

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('adminModels'))('channels.one') }
}

export default async function ChannelPage({ params }: { params: Promise<{ id: string }> }) {
  const { viewer: _viewer, ...ctx } = await requirePageAdmin()
  const channel = await load(ctx, (await params).id)
  const [t, admin, timeZone, models, markupPercent] = await Promise.all([
    getTranslations('adminModels.channel'),
    getTranslations('admin'),
    getTimeZone(),
    listOperatedModels(ctx),
    getSetting(ctx, 'markup_percent'),
  ])
  const carried = channel.modelIds.map((id) => ({
    id,
    displayName: models.find((model) => model.id === id)?.displayName ?? id,
    vendorModel: channel.vendorModels[id] ?? id,
  }))
  const keysOf = (status: string) => channel.keys.filter((key) => key.status === status).length
  return (
    <>
      <TimeZoneKeeper shown={timeZone} />
      <PageHead
        title={
          <span className="flex flex-wrap items-center gap-x-3">
            {channel.name}
            <ChannelState
              status={channel.status}
              keys={keysOf('active')}
              refused={keysOf('refused')}
              models={carried.length}
            />
          </span>
        }
      >
        <ChannelActions channelId={channel.id} name={channel.name} status={channel.status} />
      </PageHead>
      <div className="mt-5 grid grid-cols-1 gap-5">
        <ChannelStats channel={channel} />
        <Card title={t('testTitle')} hint={t('testHint')}>
          <TestForm channelId={channel.id} models={carried} canTest={carried.length > 0 && channel.keys.length > 0} />
        </Card>
        <Card title={t('keysTitle')} hint={t('keysHint')}>
          <KeyPool channelId={channel.id} keys={channel.keys} timeZone={timeZone} />
        </Card>
        <Card title={t('modelsTitle')}>
          <CarriedModels
            channelId={channel.id}
            models={carried}
            canFind={channel.keys.some(({ status }) => status !== 'disabled')}
            markupPercent={markupPercent}
          />
        </Card>
        <Card title={t('editTitle')}>
          <EditForm
            channel={{
              id: channel.id,
              version: channel.version,
              name: channel.name,
              vendor: channel.vendor,
              baseUrl: channel.baseUrl,
              priority: channel.priority,
              weight: channel.weight,
              ownNetwork: channel.ownNetwork,
              hasProxy: channel.hasProxy,
              headerNames: channel.headerNames,
            }}
          />
        </Card>
        <p className="flex flex-wrap justify-between gap-x-4 text-muted text-xs">
          <TextLink href={`/admin/audit?subject=${channel.id}`}>{t('history')}</TextLink>
          {admin('timeZone', { zone: timeZone.replaceAll('_', ' ') })}
        </p>
      </div>
    </>
  )
}

async function load(ctx: UserCtx, id: string) {
  const input = getChannelInput.safeParse({ channelId: id })
  if (!input.success) notFound()
  try {
    return await getChannel(ctx, input.data)
  } catch (error) {
    if (error instanceof AppError && error.code === 'not_found') notFound()
    throw error
  }
}
