import type { Metadata } from 'next'
import { getLocale, getTranslations } from 'next-intl/server'
import { requirePageAdmin } from '#app/_server/context.ts'
import { getTimeZone } from '#app/_server/time-zone.ts'
import { TimeZoneKeeper } from '#app/_ui/time-zone-keeper.tsx'
import { idParam, type SearchParams } from '#app/admin/_parts/address.ts'
import { Pager } from '#app/admin/_parts/pager.tsx'
import { CheckState } from '#app/admin/ledger/_ledger/check-state.tsx'
import { ChecksTable } from '#app/admin/ledger/_ledger/checks-table.tsx'
import { LedgerHead } from '#app/admin/ledger/_ledger/ledger-head.tsx'
import { VerifyNow } from '#app/admin/ledger/_ledger/verify-now.tsx'
import { listVerifications } from '#lib/jobs/index.ts'

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('adminMoney'))('ledger.places.checks') }
}

export default async function ChecksPage({ searchParams }: { searchParams: Promise<SearchParams> }) {
  const { viewer: _viewer, ...ctx } = await requirePageAdmin()
  const params = await searchParams
  const [t, admin, locale, timeZone, page] = await Promise.all([
    getTranslations('adminMoney'),
    getTranslations('admin'),
    getLocale(),
    getTimeZone(),
    listVerifications(ctx, { after: idParam(params, 'after') }),
  ])
  const latest = params.after === undefined ? page.items[0] : undefined
  return (
    <>
      <TimeZoneKeeper shown={timeZone} />
      <LedgerHead at="checks">
        <VerifyNow isRunning={page.items.some(({ state }) => state === 'running')} />
      </LedgerHead>
      {latest && (
        <div className="mt-5">
          <CheckState check={latest} locale={locale} timeZone={timeZone} />
        </div>
      )}
      <div className="mt-4">
        <ChecksTable
          checks={page.items.map(({ id, source, state, startedAt, finishedAt, differences, checks }) => ({
            ...{ id, source, state, startedAt, finishedAt, differences },
            rows: checks.reduce((sum, { checked }) => sum + checked, 0),
          }))}
          timeZone={timeZone}
          empty={t('ledger.noCheck')}
        />
      </div>
      <Pager path="/admin/ledger/checks" params={params} next={page.next}>
        {admin('timeZone', { zone: timeZone.replaceAll('_', ' ') })}
      </Pager>
    </>
  )
}
