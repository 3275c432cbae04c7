import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { requirePageAdmin } from '#app/_server/context.ts'
import { PageHead } from '#app/admin/_parts/page-head.tsx'
import { NewModelForm } from '#app/admin/models/new/new-model-form.tsx'
import { getSetting } from '#lib/settings/index.ts'

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('adminModels'))('newModel.title') }
}

export default async function NewModelPage() {
  const { viewer: _viewer, ...ctx } = await requirePageAdmin()
  const [t, currency] = await Promise.all([getTranslations('adminModels.newModel'), getSetting(ctx, 'site_currency')])
  return (
    <>
      <PageHead title={t('title')} hint={t('hint', { currency })} />
      <div className="mt-5">
        <NewModelForm />
      </div>
    </>
  )
}
