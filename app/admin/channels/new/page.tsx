import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { requirePageAdmin } from '#app/_server/context.ts'
import type { SearchParams } from '#app/admin/_parts/address.ts'
import { PageHead } from '#app/admin/_parts/page-head.tsx'
import { SetUpForm } from '#app/admin/channels/new/set-up-form.tsx'
import { getSetting } from '#lib/settings/index.ts'

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('adminModels'))('setUp.title') }
}

export default async function NewChannelPage({ searchParams }: { searchParams: Promise<SearchParams> }) {
  const { viewer: _viewer, ...ctx } = await requirePageAdmin()
  const [t, params, markupPercent] = await Promise.all([
    getTranslations('adminModels.setUp'),
    searchParams,
    getSetting(ctx, 'markup_percent'),
  ])
  return (
    <>
      <PageHead title={t('title')} hint={t('hint')} />
      <div className="mt-5">
        <SetUpForm markupPercent={markupPercent} isFirst={params.first !== undefined} />
      </div>
    </>
  )
}
