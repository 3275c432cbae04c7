import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { requirePageAdmin } from '#app/_server/context.ts'
import { idParam, type SearchParams, textParam } from '#app/admin/_parts/address.ts'
import { FilterBar, SearchFilter } from '#app/admin/_parts/filters.tsx'
import { Pager } from '#app/admin/_parts/pager.tsx'
import { LedgerHead } from '#app/admin/ledger/_ledger/ledger-head.tsx'
import { WalletsTable } from '#app/admin/ledger/_ledger/wallets-table.tsx'
import { listWallets } from '#lib/ledger/index.ts'
import { findUserByEmail } from '#lib/users/index.ts'

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('adminMoney'))('ledger.places.wallets') }
}

export default async function WalletsPage({ searchParams }: { searchParams: Promise<SearchParams> }) {
  const { viewer: _viewer, ...ctx } = await requirePageAdmin()
  const params = await searchParams
  const email = textParam(params, 'q')
  const owner = email ? await findUserByEmail(ctx, { email }) : null
  const isUnknown = email !== undefined && owner === null
  const [t, admin, page] = await Promise.all([
    getTranslations('adminMoney'),
    getTranslations('admin'),
    isUnknown ? { items: [], next: null } : listWallets(ctx, { ownerId: owner?.id, after: idParam(params, 'after') }),
  ])
  return (
    <>
      <LedgerHead at="wallets" />
      <FilterBar clear={['q']}>
        <SearchFilter label={t('ledger.owner')} placeholder={t('ledger.ownerHint')} />
      </FilterBar>
      <div className="mt-4">
        <WalletsTable
          wallets={page.items.map(({ id, email: address, postedMicros, heldMicros, openHolds, seq, suspended }) => ({
            id,
            email: address,
            postedMicros,
            heldMicros,
            openHolds,
            seq,
            suspended,
          }))}
          empty={isUnknown ? admin('nothingFound') : t('ledger.noWallets')}
        />
      </div>
      <Pager path="/admin/ledger/wallets" params={params} next={page.next} />
    </>
  )
}
