import { Plus } from 'lucide-react'
import type { Metadata } from 'next'
import Link from 'next/link'
import { getTranslations } from 'next-intl/server'
import { requirePageAdmin } from '#app/_server/context.ts'
import { buttonClass } from '#app/_ui/button.tsx'
import { PageHead } from '#app/admin/_parts/page-head.tsx'
import { ChannelsTable } from '#app/admin/channels/channels-table.tsx'
import { listChannels } from '#lib/models/index.ts'

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('adminModels'))('channels.title') }
}

export default async function ChannelsPage() {
  const { viewer: _viewer, ...ctx } = await requirePageAdmin()
  const [t, channels] = await Promise.all([getTranslations('adminModels.channels'), listChannels(ctx)])
  const add = (
    <Link href="/admin/channels/new" prefetch={false} className={buttonClass('primary', 'small')}>
      <Plus className="size-4" aria-hidden="true" />
      {t('add')}
    </Link>
  )
  return (
    <>
      <PageHead title={t('title')} hint={t('hint')}>
        {channels.length > 0 && add}
      </PageHead>
      <div className="mt-5">
        <ChannelsTable
          channels={channels.map(({ keys, modelIds, ...channel }) => ({
            id: channel.id,
            name: channel.name,
            vendor: channel.vendor,
            baseUrl: channel.baseUrl,
            status: channel.status,
            priority: channel.priority,
            weight: channel.weight,
            models: modelIds.length,
            keys: keys.filter(({ status }) => status === 'active').length,
            refused: keys.filter(({ status }) => status === 'refused').length,
            calls: channel.calls,
            failures: channel.failures,
          }))}
          empty={
            <div className="grid justify-items-start gap-3 rounded-2xl border border-line bg-raised p-6">
              <p className="max-w-column">{t('empty')}</p>
              {add}
            </div>
          }
        />
      </div>
    </>
  )
}
