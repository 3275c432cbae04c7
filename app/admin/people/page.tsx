import { UserPlus } from 'lucide-react'
import type { Metadata } from 'next'
import Link from 'next/link'
import { getTranslations } from 'next-intl/server'
import { requirePageAdmin } from '#app/_server/context.ts'
import { getTimeZone } from '#app/_server/time-zone.ts'
import { Alert } from '#app/_ui/alert.tsx'
import { buttonClass } from '#app/_ui/button.tsx'
import { TimeZoneKeeper } from '#app/_ui/time-zone-keeper.tsx'
import { idParam, type SearchParams } from '#app/admin/_parts/address.ts'
import { ExportButton } from '#app/admin/_parts/export-button.tsx'
import { FilterBar, SearchFilter, SelectFilter } from '#app/admin/_parts/filters.tsx'
import { PageHead } from '#app/admin/_parts/page-head.tsx'
import { Pager } from '#app/admin/_parts/pager.tsx'
import { peopleFilterOf, ROLES, STATUSES } from '#app/admin/people/filter.ts'
import { PeopleTable } from '#app/admin/people/people-table.tsx'
import { listAdjustments } from '#lib/payments/index.ts'
import { listPeople } from '#lib/support/index.ts'

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('adminPeople'))('title') }
}

const WAITING_SHOWN = 9

export default async function PeoplePage({ searchParams }: { searchParams: Promise<SearchParams> }) {
  const { viewer: _viewer, ...ctx } = await requirePageAdmin()
  const params = await searchParams
  const filter = peopleFilterOf(params)
  const [t, admin, timeZone, people, waiting] = await Promise.all([
    getTranslations('adminPeople'),
    getTranslations('admin'),
    getTimeZone(),
    listPeople(ctx, { ...filter, after: idParam(params, 'after') }),
    listAdjustments(ctx, { state: 'waiting', limit: WAITING_SHOWN }),
  ])
  const isNarrowed = Object.values(filter).some((value) => value !== undefined)
  return (
    <>
      <TimeZoneKeeper shown={timeZone} />
      <PageHead title={t('title')}>
        <ExportButton href="/api/admin/people/csv" />
        <Link href="/admin/people/adjustments" prefetch={false} className={buttonClass('secondary', 'small')}>
          {t('changes.title')}
        </Link>
        <Link href="/admin/people/new" prefetch={false} className={buttonClass('primary', 'small')}>
          <UserPlus className="size-4" aria-hidden="true" />
          {t('new.button')}
        </Link>
      </PageHead>
      {waiting.items.length > 0 && (
        <div className="mt-5">
          <Alert
            tone="warning"
            action={
              <Link
                href="/admin/people/adjustments"
                prefetch={false}
                className={buttonClass('secondary', 'small', '-my-1')}
              >
                {t('changes.look')}
              </Link>
            }
          >
            {t(waiting.nextBefore === null ? 'changes.waiting' : 'changes.manyWaiting', {
              count: waiting.items.length,
            })}
          </Alert>
        </div>
      )}
      <FilterBar clear={['q', 'role', 'status']}>
        <SearchFilter label={t('search')} placeholder={t('searchHint')} />
        <SelectFilter name="role" label={t('role')} options={ROLES.map((role) => [role, t(`roles.${role}`)])} />
        <SelectFilter
          name="status"
          label={t('status')}
          options={STATUSES.map((status) => [status, t(`statuses.${status}`)])}
        />
      </FilterBar>
      <div className="mt-4">
        <PeopleTable
          people={people.items}
          timeZone={timeZone}
          empty={isNarrowed || params.after !== undefined ? t('nobodyFound') : t('nobody')}
        />
      </div>
      <Pager path="/admin/people" params={params} next={people.next}>
        {admin('timeZone', { zone: timeZone.replaceAll('_', ' ') })}
      </Pager>
    </>
  )
}
