import type { Metadata } from 'next'
import { getLocale, getTranslations } from 'next-intl/server'
import { requirePageAdmin } from '#app/_server/context.ts'
import { getTimeZone } from '#app/_server/time-zone.ts'
import { TimeZoneKeeper } from '#app/_ui/time-zone-keeper.tsx'
import type { SearchParams } from '#app/admin/_parts/address.ts'
import { idParam } from '#app/admin/_parts/address.ts'
import { ExportButton } from '#app/admin/_parts/export-button.tsx'
import { FilterBar, SearchFilter, SelectFilter } from '#app/admin/_parts/filters.tsx'
import { PageHead } from '#app/admin/_parts/page-head.tsx'
import { Pager } from '#app/admin/_parts/pager.tsx'
import { AuditTable } from '#app/admin/audit/audit-table.tsx'
import { actionsOf } from '#app/admin/audit/audit-texts.ts'
import { DAYS, readAuditFilter } from '#app/admin/audit/filter.ts'
import { listAuditEntries } from '#lib/audit-log.ts'
import { getMessages } from '#lib/i18n/index.ts'

const FILTERS = ['actor', 'action', 'type', 'subject', 'days'] as const

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('adminService.audit'))('title') }
}

export default async function AuditPage({ searchParams }: { searchParams: Promise<SearchParams> }) {
  const { viewer: _viewer, ...ctx } = await requirePageAdmin()
  const params = await searchParams
  const [t, tAdmin, locale, timeZone] = await Promise.all([
    getTranslations('adminService.audit'),
    getTranslations('admin'),
    getLocale(),
    getTimeZone(),
  ])
  const filter = readAuditFilter(params, new Date())
  const { items, next } = await listAuditEntries(ctx, { ...filter, after: idParam(params, 'after') })
  const texts = getMessages(locale).adminService.audit
  const isFiltered = FILTERS.some((name) => typeof params[name] === 'string')
  return (
    <>
      <TimeZoneKeeper shown={timeZone} />
      <PageHead title={t('title')} hint={t('hint')}>
        <ExportButton href="/api/admin/audit/csv" />
      </PageHead>
      <FilterBar clear={FILTERS}>
        <SearchFilter name="actor" label={t('filter.actor')} placeholder={t('filter.actorHint')} />
        <SearchFilter name="subject" label={t('filter.subject')} placeholder={t('filter.subjectHint')} />
        <SelectFilter
          name="action"
          label={t('filter.action')}
          options={actionsOf(texts)
            .map((action) => [action, t(`actions.${action as 'user.create'}`)] as const)
            .toSorted(([, a], [, b]) => a.localeCompare(b, locale))}
        />
        <SelectFilter name="type" label={t('filter.type')} options={Object.entries(texts.subjects)} />
        <SelectFilter
          name="days"
          label={t('filter.days')}
          all={t('filter.anyTime')}
          options={DAYS.map((days) => [days, t('filter.lastDays', { count: Number(days) })] as const)}
        />
      </FilterBar>
      <AuditTable
        rows={items}
        timeZone={timeZone}
        empty={isFiltered || params.after !== undefined ? tAdmin('nothingFound') : t('empty')}
      />
      <Pager path="/admin/audit" params={params} next={next}>
        {tAdmin('timeZone', { zone: timeZone })}
      </Pager>
    </>
  )
}
