import { ArrowLeft } from 'lucide-react'
import type { Metadata } from 'next'
import Link from 'next/link'
import { notFound } from 'next/navigation'
import { getLocale, getTranslations } from 'next-intl/server'
import { cache } from 'react'
import { requirePageAdmin } from '#app/_server/context.ts'
import { getTimeZone } from '#app/_server/time-zone.ts'
import { buttonClass } from '#app/_ui/button.tsx'
import { Card } from '#app/_ui/card.tsx'
import { TimeZoneKeeper } from '#app/_ui/time-zone-keeper.tsx'
import { Badge } from '#app/admin/_parts/badge.tsx'
import { Fact, Facts, Id } from '#app/admin/_parts/facts.tsx'
import { PageHead } from '#app/admin/_parts/page-head.tsx'
import { TextLink } from '#app/admin/_parts/text-link.tsx'
import { HoldsTable } from '#app/admin/ledger/_ledger/holds-table.tsx'
import { TransfersTable } from '#app/admin/ledger/_ledger/transfers-table.tsx'
import { AppError } from '#lib/errors.ts'
import { isId } from '#lib/id.ts'
import { getWallet, listHolds, listLots, listTransfers, type TransferSide } from '#lib/ledger/index.ts'
import { creditsToDecimal } from '#lib/money.ts'

type PageProps = { params: Promise<{ id: string }> }

const SHOWN = 10

const loadWallet = cache(async (id: string) => {
  const { viewer: _viewer, ...ctx } = await requirePageAdmin()
  if (!isId(id)) notFound()
  try {
    return await getWallet(ctx, { walletId: id })
  } catch (error) {
    if (error instanceof AppError && error.code === 'not_found') notFound()
    throw error
  }
})

export async function generateMetadata({ params }: PageProps): Promise<Metadata> {
  const { email } = await loadWallet((await params).id)
  return { title: email ?? (await getTranslations('adminMoney'))('column.wallet') }
}

/** One wallet: its balance, the credits it is made of, and what moved last. */
export default async function WalletPage({ params }: PageProps) {
  const { viewer: _viewer, ...ctx } = await requirePageAdmin()
  const wallet = await loadWallet((await params).id)
  const walletId = wallet.id
  const [t, locale, timeZone, lots, transfers, holds] = await Promise.all([
    getTranslations('adminMoney'),
    getLocale(),
    getTimeZone(),
    listLots(ctx, { walletId }),
    listTransfers(ctx, { walletId, limit: SHOWN }),
    listHolds(ctx, { walletId, state: wallet.openHolds > 0 ? 'open' : undefined, limit: SHOWN }),
  ])
  const day = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone })
  const side = ({ accountId, code, email }: TransferSide) => ({ accountId, code, email })
  return (
    <>
      <TimeZoneKeeper shown={timeZone} />
      <Link href="/admin/ledger/wallets" prefetch={false} className={buttonClass('quiet', 'small', '-ms-2.5 mb-2')}>
        <ArrowLeft className="size-4" aria-hidden="true" />
        {t('wallet.all')}
      </Link>
      <PageHead
        title={
          <span className="inline-flex flex-wrap items-center gap-x-3 gap-y-1">
            {t('wallet.of', { owner: wallet.email ?? t('gone') })}
            {wallet.suspended && <Badge tone="warning">{t('wallet.suspended')}</Badge>}
          </span>
        }
      />
      <div className="mt-5 grid grid-cols-1 items-start gap-4 lg:grid-cols-2">
        <Card title={t('wallet.balance')}>
          <Facts>
            <Fact label={t('column.owner')}>
              {wallet.ownerType === 'user' && (
                <TextLink href={`/admin/people/${wallet.ownerId}`}>{wallet.email ?? t('gone')}</TextLink>
              )}
            </Fact>
            <Fact label={t('column.balance')}>{creditsToDecimal(wallet.postedMicros)}</Fact>
            <Fact label={t('column.held')}>{creditsToDecimal(wallet.heldMicros)}</Fact>
            <Fact label={t('wallet.free')}>{creditsToDecimal(wallet.postedMicros - wallet.heldMicros)}</Fact>
            <Fact label={t('column.openHolds')}>{String(wallet.openHolds)}</Fact>
            <Fact label={t('column.entries')}>{String(wallet.seq)}</Fact>
            <Fact label={t('column.created')}>{day.format(wallet.createdAt)}</Fact>
            <Fact label={t('wallet.id')}>
              <Id>{walletId}</Id>
            </Fact>
          </Facts>
        </Card>
        <Card title={t('wallet.lots')}>
          {lots.length === 0 ? (
            <p className="text-muted text-sm">{t('wallet.noLots')}</p>
          ) : (
            <ul className="figures text-sm">
              {lots.map(({ transferId, source, amountMicros, remainingMicros, expiresAt }) => (
                <li key={transferId} className="border-line border-t py-2 first:border-0 first:pt-0">
                  <span className="flex items-baseline justify-between gap-4">
                    <TextLink href={`/admin/ledger/transfers/${transferId}`}>{t(`lots.sources.${source}`)}</TextLink>
                    <span>{creditsToDecimal(remainingMicros)}</span>
                  </span>
                  <span className="flex items-baseline justify-between gap-4 text-muted text-xs">
                    <span>
                      {expiresAt === null ? t('lots.lasts') : t('lots.expires', { date: day.format(expiresAt) })}
                    </span>
                    <span>{t('lots.of', { amount: creditsToDecimal(amountMicros) })}</span>
                  </span>
                </li>
              ))}
            </ul>
          )}
        </Card>
      </div>
      <div className="mt-4 grid grid-cols-1 gap-4">
        <Card title={t('wallet.transfers')}>
          <TransfersTable
            transfers={transfers.items.map(
              ({ id, kind, at, amountMicros, debit, credit, reference, reason, holdId }) => ({
                ...{ id, kind, at, amountMicros, reference, reason, holdId },
                debit: side(debit),
                credit: side(credit),
              }),
            )}
            timeZone={timeZone}
            empty={t('ledger.noTransfers')}
          />
          {transfers.next !== null && (
            <p className="mt-3 text-sm">
              <TextLink href={`/admin/ledger/transfers?wallet=${walletId}`}>{t('wallet.allTransfers')}</TextLink>
            </p>
          )}
        </Card>
        <Card title={t(wallet.openHolds > 0 ? 'wallet.openHolds' : 'wallet.holds')}>
          <HoldsTable
            holds={holds.items.map((hold) => ({
              id: hold.id,
              walletId,
              email: hold.email,
              state: hold.state,
              amountMicros: hold.amountMicros,
              capturedMicros: hold.capturedMicros,
              createdAt: hold.createdAt,
              closedAt: hold.closedAt,
            }))}
            timeZone={timeZone}
            empty={t('ledger.noHolds')}
          />
          {(holds.next !== null || wallet.openHolds > 0) && (
            <p className="mt-3 text-sm">
              <TextLink href={`/admin/ledger/holds?wallet=${walletId}`}>{t('wallet.allHolds')}</TextLink>
            </p>
          )}
        </Card>
      </div>
    </>
  )
}
