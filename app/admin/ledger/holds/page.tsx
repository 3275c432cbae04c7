import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { requirePageAdmin } from '#app/_server/context.ts'
import { getTimeZone } from '#app/_server/time-zone.ts'
import { TimeZoneKeeper } from '#app/_ui/time-zone-keeper.tsx'
import { choiceParam, idParam, type SearchParams } from '#app/admin/_parts/address.ts'
import { FilterBar, SelectFilter } from '#app/admin/_parts/filters.tsx'
import { Pager } from '#app/admin/_parts/pager.tsx'
import { TextLink } from '#app/admin/_parts/text-link.tsx'
import { HoldsTable } from '#app/admin/ledger/_ledger/holds-table.tsx'
import { LedgerHead } from '#app/admin/ledger/_ledger/ledger-head.tsx'
import { listHolds } from '#lib/ledger/index.ts'
import { HOLD_STATES } from '#lib/ledger/shared.ts'

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('adminMoney'))('ledger.places.holds') }
}

export default async function HoldsPage({ searchParams }: { searchParams: Promise<SearchParams> }) {
  const { viewer: _viewer, ...ctx } = await requirePageAdmin()
  const params = await searchParams
  const walletId = idParam(params, 'wallet')
  const state = choiceParam(params, 'state', HOLD_STATES)
  const [t, admin, timeZone, page] = await Promise.all([
    getTranslations('adminMoney'),
    getTranslations('admin'),
    getTimeZone(),
    listHolds(ctx, { walletId, state, after: idParam(params, 'after') }),
  ])
  return (
    <>
      <TimeZoneKeeper shown={timeZone} />
      <LedgerHead at="holds" />
      <FilterBar clear={['wallet', 'state']}>
        <SelectFilter
          name="state"
          label={t('column.state')}
          options={HOLD_STATES.map((one) => [one, t(`holdStates.${one}`)])}
        />
      </FilterBar>
      {walletId && (
        <p className="mt-4 text-sm">
          <TextLink href={`/admin/ledger/wallets/${walletId}`}>{t('ledger.ofOneWallet')}</TextLink>
        </p>
      )}
      <div className="mt-4">
        <HoldsTable
          holds={page.items.map((hold) => ({
            id: hold.id,
            walletId: hold.walletId,
            email: hold.email,
            state: hold.state,
            amountMicros: hold.amountMicros,
            capturedMicros: hold.capturedMicros,
            createdAt: hold.createdAt,
            closedAt: hold.closedAt,
          }))}
          timeZone={timeZone}
          empty={state === 'open' ? t('ledger.noOpenHolds') : t('ledger.noHolds')}
        />
      </div>
      <Pager path="/admin/ledger/holds" params={params} next={page.next}>
        {admin('timeZone', { zone: timeZone.replaceAll('_', ' ') })}
      </Pager>
    </>
  )
}
