import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { requirePageAdmin } from '#app/_server/context.ts'
import { PageHead } from '#app/admin/_parts/page-head.tsx'
import { PackageDialog } from '#app/admin/packages/package-dialog.tsx'
import { PackagesTable } from '#app/admin/packages/packages-table.tsx'
import { listAllPackages } from '#lib/payments/index.ts'
import { getSetting } from '#lib/settings/index.ts'

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('adminMoney'))('packages.title') }
}

/** What people can buy. */
export default async function PackagesPage() {
  const { viewer: _viewer, ...ctx } = await requirePageAdmin()
  const [t, packages, currency] = await Promise.all([
    getTranslations('adminMoney'),
    listAllPackages(ctx),
    getSetting(ctx, 'site_currency'),
  ])
  return (
    <>
      <PageHead title={t('packages.title')} hint={t('packages.hint')}>
        <PackageDialog currency={currency} position={packages.length + 1} />
      </PageHead>
      <div className="mt-4">
        <PackagesTable packages={packages} empty={t('packages.none')} />
      </div>
    </>
  )
}
