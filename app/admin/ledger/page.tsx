import type { Metadata } from 'next'
import { redirect } from 'next/navigation'
import { getLocale, getTranslations } from 'next-intl/server'
import { requirePageAdmin } from '#app/_server/context.ts'
import { getTimeZone } from '#app/_server/time-zone.ts'
import { Alert } from '#app/_ui/alert.tsx'
import { Card } from '#app/_ui/card.tsx'
import { TimeZoneKeeper } from '#app/_ui/time-zone-keeper.tsx'
import { idParam, type SearchParams, textParam } from '#app/admin/_parts/address.ts'
import { FilterBar, SearchFilter } from '#app/admin/_parts/filters.tsx'
import { TextLink } from '#app/admin/_parts/text-link.tsx'
import { AccountsTable } from '#app/admin/ledger/_ledger/accounts-table.tsx'
import { CheckState } from '#app/admin/ledger/_ledger/check-state.tsx'
import { LedgerHead } from '#app/admin/ledger/_ledger/ledger-head.tsx'
import { VerifyNow } from '#app/admin/ledger/_ledger/verify-now.tsx'
import type { Ctx } from '#lib/ctx.ts'
import { listVerifications } from '#lib/jobs/index.ts'
import { findInLedger } from '#lib/ledger/index.ts'
import { getHouseBalances } from '#lib/reports/index.ts'

const PATHS = {
  transfer: '/admin/ledger/transfers',
  wallet: '/admin/ledger/wallets',
  hold: '/admin/calls',
} as const

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('adminMoney'))('ledger.title') }
}

/** Where all credits are, and whether the books add up. */
export default async function LedgerPage({ searchParams }: { searchParams: Promise<SearchParams> }) {
  const { viewer: _viewer, ...ctx } = await requirePageAdmin()
  const params = await searchParams
  const asked = textParam(params, 'q')
  if (asked !== undefined) {
    const found = await findPath(ctx, asked)
    if (found) redirect(found)
  }
  const [t, locale, timeZone, balances, checks] = await Promise.all([
    getTranslations('adminMoney.ledger'),
    getLocale(),
    getTimeZone(),
    getHouseBalances(ctx),
    listVerifications(ctx, { limit: 2 }),
  ])
  const [latest] = checks.items
  const difference = balances.reduce((sum, { balanceMicros }) => sum + balanceMicros, 0n)
  return (
    <>
      <TimeZoneKeeper shown={timeZone} />
      <LedgerHead at="accounts">
        <VerifyNow isRunning={latest?.state === 'running'} />
      </LedgerHead>
      <FilterBar clear={['q']}>
        <SearchFilter label={t('find')} placeholder={t('findHint')} />
      </FilterBar>
      {asked !== undefined && (
        <div className="mt-4">
          <Alert role="status">{t('nothing')}</Alert>
        </div>
      )}
      <div className="mt-4 grid grid-cols-1 items-start gap-4 lg:grid-cols-[minmax(0,1fr)_20rem]">
        <Card title={t('accounts')} hint={t(difference === 0n ? 'sumZero' : 'sumOff')}>
          <AccountsTable
            accounts={balances.map(({ code, inMicros, outMicros, balanceMicros }) => ({
              code,
              inMicros,
              outMicros,
              balanceMicros,
            }))}
          />
        </Card>
        <Card title={t('lastCheck')}>
          {latest ? (
            <>
              <CheckState check={latest} locale={locale} timeZone={timeZone} />
              <p className="mt-3 text-sm">
                <TextLink href={`/admin/ledger/checks/${latest.id}`}>{t('seeCheck')}</TextLink>
              </p>
            </>
          ) : (
            <p className="text-muted text-sm">{t('noCheck')}</p>
          )}
        </Card>
      </div>
    </>
  )
}

/** The page of what has an id; null for nothing of the ledger's. */
async function findPath(ctx: Ctx, asked: string): Promise<string | null> {
  const id = idParam({ id: asked.trim() }, 'id')?.toLowerCase()
  const is = id === undefined ? null : await findInLedger(ctx, { id })
  return is === null ? null : `${PATHS[is]}/${id}`
}
