import type { Metadata } from 'next'
import Link from 'next/link'
import { getLocale, getTranslations } from 'next-intl/server'
import { requirePageAdmin } from '#app/_server/context.ts'
import { getTimeZone } from '#app/_server/time-zone.ts'
import { buttonClass } from '#app/_ui/button.tsx'
import { TimeZoneKeeper } from '#app/_ui/time-zone-keeper.tsx'
import { hrefWith, type SearchParams, textParam } from '#app/admin/_parts/address.ts'
import { ExportButton } from '#app/admin/_parts/export-button.tsx'
import { FilterBar, SearchFilter, SelectFilter } from '#app/admin/_parts/filters.tsx'
import { LookedBack } from '#app/admin/_parts/looked-back.tsx'
import { Pager } from '#app/admin/_parts/pager.tsx'
import { TextLink } from '#app/admin/_parts/text-link.tsx'
import { WindowFilter } from '#app/admin/_parts/window-filter.tsx'
import { transferFilterOf } from '#app/admin/ledger/_ledger/filter.ts'
import { LedgerHead } from '#app/admin/ledger/_ledger/ledger-head.tsx'
import { TransfersTable } from '#app/admin/ledger/_ledger/transfers-table.tsx'
import type { Ctx } from '#lib/ctx.ts'
import { listTransfers, type TransferFilter, type TransferPage, type TransferSide } from '#lib/ledger/index.ts'
import { HOUSE_CODES, TRANSFER_KINDS } from '#lib/ledger/shared.ts'

const FILTERS = ['wallet', 'kind', 'account', 'reference', 'window', 'from', 'to'] as const

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('adminMoney'))('ledger.places.transfers') }
}

export default async function TransfersPage({ searchParams }: { searchParams: Promise<SearchParams> }) {
  const { viewer: _viewer, ...ctx } = await requirePageAdmin()
  const params = await searchParams
  const timeZone = await getTimeZone()
  const filter = transferFilterOf(params, timeZone)
  const [t, admin, locale, page] = await Promise.all([
    getTranslations('adminMoney'),
    getTranslations('admin'),
    getLocale(),
    readPage(ctx, filter, textParam(params, 'after')),
  ])
  const isNarrowed = FILTERS.some((name) => params[name] !== undefined)
  return (
    <>
      <TimeZoneKeeper shown={timeZone} />
      <LedgerHead at="transfers">
        <ExportButton href="/api/admin/ledger/transfers/csv" />
      </LedgerHead>
      <FilterBar clear={FILTERS}>
        <WindowFilter usual={filter.walletId ? 'all' : '24h'} />
        <SelectFilter
          name="kind"
          label={t('column.kind')}
          options={TRANSFER_KINDS.map((kind) => [kind, t(`kinds.${kind}`)])}
        />
        <SelectFilter
          name="account"
          label={t('column.account')}
          options={HOUSE_CODES.map((code) => [code, t(`accounts.${code}.name`)])}
        />
        <SearchFilter name="reference" label={t('ledger.reference')} placeholder={t('ledger.referenceHint')} />
      </FilterBar>
      {filter.walletId && (
        <p className="mt-4 flex flex-wrap items-center gap-x-3 gap-y-1 text-sm">
          <TextLink href={`/admin/ledger/wallets/${filter.walletId}`}>{t('ledger.ofOneWallet')}</TextLink>
          <Link
            href={hrefWith('/admin/ledger/transfers', params, { wallet: null, after: null })}
            prefetch={false}
            className={buttonClass('quiet', 'small')}
          >
            {t('everybody')}
          </Link>
        </p>
      )}
      <div className="mt-4">
        <TransfersTable
          transfers={page.items.map(({ id, kind, at, amountMicros, debit, credit, reference, reason, holdId }) => ({
            ...{ id, kind, at, amountMicros, reference, reason, holdId },
            debit: shownSide(debit),
            credit: shownSide(credit),
          }))}
          timeZone={timeZone}
          empty={isNarrowed ? admin('nothingFound') : t('ledger.noTransfers')}
        />
      </div>
      <LookedBack to={page.lookedBackTo} locale={locale} timeZone={timeZone} />
      <Pager path="/admin/ledger/transfers" params={params} next={page.next}>
        {admin('timeZone', { zone: timeZone.replaceAll('_', ' ') })}
      </Pager>
    </>
  )
}

const shownSide = ({ accountId, code, email }: TransferSide) => ({ accountId, code, email })

/** A place that this list did not make is its beginning, so that an old link still opens. */
async function readPage(ctx: Ctx, filter: TransferFilter, after: string | undefined): Promise<TransferPage> {
  try {
    return await listTransfers(ctx, { ...filter, after })
  } catch (error) {
    if (after === undefined || !(error instanceof Error) || error.name !== 'ZodError') throw error
    return listTransfers(ctx, filter)
  }
}
