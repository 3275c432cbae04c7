import { ArrowLeft } from 'lucide-react'
import type { Metadata } from 'next'
import Link from 'next/link'
import { getTranslations } from 'next-intl/server'
import { requirePageAdmin } from '#app/_server/context.ts'
import { getTimeZone } from '#app/_server/time-zone.ts'
import { buttonClass } from '#app/_ui/button.tsx'
import { daysOf, hrefOf, isNarrowed, readBefore, readFilter } from '#app/_ui/statement/filter.ts'
import { FilterForm } from '#app/_ui/statement/filter-form.tsx'
import { Statement } from '#app/_ui/statement/statement.tsx'
import { TimeZoneKeeper } from '#app/_ui/time-zone-keeper.tsx'
import type { SearchParams } from '#app/admin/_parts/address.ts'
import { PageHead } from '#app/admin/_parts/page-head.tsx'
import { loadPerson } from '#app/admin/people/_person/load-person.ts'
import { listPaidModels, listStatement } from '#lib/inference/index.ts'
import { dateIn } from '#lib/time-zone.ts'

type PageProps = { params: Promise<{ id: string }>; searchParams: Promise<SearchParams> }

export async function generateMetadata({ params }: PageProps): Promise<Metadata> {
  const { person } = await loadPerson((await params).id)
  return { title: (await getTranslations('adminPeople'))('statement.of', { name: person.name }) }
}

/** Everything that moved a person's balance. */
export default async function PersonStatementPage({ params, searchParams }: PageProps) {
  await requirePageAdmin()
  const { ctx, person } = await loadPerson((await params).id)
  const { id: userId, name } = person
  const address = await searchParams
  const filter = readFilter(address)
  const before = readBefore(address)
  const timeZone = await getTimeZone()
  const today = dateIn(timeZone, new Date())
  const { from, to } = daysOf(filter, today)
  const [t, page, models] = await Promise.all([
    getTranslations('adminPeople'),
    listStatement(ctx, {
      userId,
      kind: filter.kind,
      modelId: filter.modelId ?? undefined,
      from: from ?? undefined,
      to: to ?? undefined,
      timeZone,
      before,
    }),
    listPaidModels(ctx, { userId }),
  ])
  const path = `/admin/people/${userId}/statement`
  return (
    <>
      <TimeZoneKeeper shown={timeZone} />
      <Link
        href={`/admin/people/${userId}`}
        prefetch={false}
        className={buttonClass('quiet', 'small', '-ms-2.5 mb-2 max-w-full')}
      >
        <ArrowLeft className="size-4 shrink-0" aria-hidden="true" />
        <span className="truncate">{name}</span>
      </Link>
      <PageHead title={<span id="statement-title">{t('statement.title')}</span>} hint={t('statement.closed')} />
      <FilterForm
        path={path}
        filter={filter}
        models={models}
        csvHref={hrefOf(`/api/admin/people/${userId}/statement`, filter)}
      />
      <Statement
        path={path}
        page={page}
        filter={filter}
        isLater={before !== undefined}
        isNarrowed={isNarrowed(filter)}
        empty={t('statement.empty')}
        timeZone={timeZone}
        today={today}
      />
    </>
  )
}
