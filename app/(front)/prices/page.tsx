import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { getFrontFacts } from '#app/_server/front-facts.ts'
import { PackageList } from '#app/(front)/_parts/package-list.tsx'
import { PriceTable } from '#app/(front)/_parts/price-table.tsx'
import { publicMetadata } from '#app/(front)/_parts/public-metadata.ts'

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('front')
  return publicMetadata({ path: '/prices', title: t('models.title'), description: t('pricesDescription') })
}

export default async function PricesPage() {
  const { models, packages, currency } = await getFrontFacts()
  return (
    <div className="grid gap-14">
      <PriceTable models={models} currency={currency} />
      {packages.length > 0 && <PackageList packages={packages} />}
    </div>
  )
}
