import { ArrowLeft } from 'lucide-react'
import type { Metadata } from 'next'
import Link from 'next/link'
import { getTranslations } from 'next-intl/server'
import { requirePageAdmin } from '#app/_server/context.ts'
import { getTimeZone } from '#app/_server/time-zone.ts'
import { buttonClass } from '#app/_ui/button.tsx'
import { TimeZoneKeeper } from '#app/_ui/time-zone-keeper.tsx'
import { choiceParam, idParam, type SearchParams } from '#app/admin/_parts/address.ts'
import { FilterBar, SelectFilter } from '#app/admin/_parts/filters.tsx'
import { PageHead } from '#app/admin/_parts/page-head.tsx'
import { Pager } from '#app/admin/_parts/pager.tsx'
import { AdjustmentsTable } from '#app/admin/people/adjustments/adjustments-table.tsx'
import { listAdjustments } from '#lib/payments/index.ts'

const CHOICES = ['waiting', 'posted', 'rejected', 'all'] as const

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('adminPeople'))('changes.title') }
}

/** Grants and adjustments: what waits for a second admin first, and what has become of the others. */
export default async function AdjustmentsPage({ searchParams }: { searchParams: Promise<SearchParams> }) {
  const { viewer, ...ctx } = await requirePageAdmin()
  const params = await searchParams
  const state = choiceParam(params, 'state', CHOICES) ?? 'waiting'
  const [t, admin, timeZone, page] = await Promise.all([
    getTranslations('adminPeople'),
    getTranslations('admin'),
    getTimeZone(),
    listAdjustments(ctx, { state: state === 'all' ? undefined : state, before: idParam(params, 'after') }),
  ])
  return (
    <>
      <TimeZoneKeeper shown={timeZone} />
      <Link href="/admin/people" prefetch={false} className={buttonClass('quiet', 'small', '-ms-2.5 mb-2')}>
        <ArrowLeft className="size-4" aria-hidden="true" />
        {t('title')}
      </Link>
      <PageHead title={t('changes.title')} hint={t('changes.hint')} />
      <FilterBar>
        <SelectFilter
          name="state"
          label={t('changes.state')}
          options={CHOICES.map((choice) => [choice, t(`changes.states.${choice}`)])}
          all={null}
        />
      </FilterBar>
      <div className="mt-4">
        <AdjustmentsTable
          changes={page.items}
          viewerId={viewer.actor.userId}
          timeZone={timeZone}
          empty={t(state === 'waiting' ? 'changes.noneWaiting' : 'changes.none')}
        />
      </div>
      <Pager path="/admin/people/adjustments" params={params} next={page.nextBefore}>
        {admin('timeZone', { zone: timeZone.replaceAll('_', ' ') })}
      </Pager>
    </>
  )
}
