import { Plus } from 'lucide-react'
import type { Metadata } from 'next'
import Link from 'next/link'
import { getTranslations } from 'next-intl/server'
import { requirePageAdmin } from '#app/_server/context.ts'
import { getTimeZone } from '#app/_server/time-zone.ts'
import { buttonClass } from '#app/_ui/button.tsx'
import { TimeZoneKeeper } from '#app/_ui/time-zone-keeper.tsx'
import { idParam, type SearchParams } from '#app/admin/_parts/address.ts'
import { PageHead } from '#app/admin/_parts/page-head.tsx'
import { Pager } from '#app/admin/_parts/pager.tsx'
import { stateOfBatch } from '#app/admin/codes/batch-badge.tsx'
import { BatchesTable } from '#app/admin/codes/batches-table.tsx'
import { listCodeBatches } from '#lib/payments/index.ts'

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('adminMoney'))('codes.title') }
}

export default async function CodesPage({ searchParams }: { searchParams: Promise<SearchParams> }) {
  const { viewer: _viewer, ...ctx } = await requirePageAdmin()
  const params = await searchParams
  const [t, admin, timeZone, page] = await Promise.all([
    getTranslations('adminMoney'),
    getTranslations('admin'),
    getTimeZone(),
    listCodeBatches(ctx, { before: idParam(params, 'after') }),
  ])
  const now = new Date()
  return (
    <>
      <TimeZoneKeeper shown={timeZone} />
      <PageHead title={t('codes.title')} hint={t('codes.hint')}>
        <Link href="/admin/codes/new" prefetch={false} className={buttonClass('primary', 'small')}>
          <Plus className="size-4" aria-hidden="true" />
          {t('codes.new')}
        </Link>
      </PageHead>
      <div className="mt-4">
        <BatchesTable
          batches={page.items.map((batch) => ({
            id: batch.id,
            name: batch.name,
            state: stateOfBatch(batch, now),
            creditsMicros: batch.creditsMicros,
            codes: batch.codes,
            usesPerCode: batch.usesPerCode,
            redemptions: batch.redemptions,
            people: batch.people,
            redeemBefore: batch.redeemBefore,
            createdAt: batch.createdAt,
          }))}
          timeZone={timeZone}
          empty={t('codes.none')}
        />
      </div>
      <Pager path="/admin/codes" params={params} next={page.nextBefore}>
        {admin('timeZone', { zone: timeZone.replaceAll('_', ' ') })}
      </Pager>
    </>
  )
}
