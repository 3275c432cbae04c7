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
import { Actor } from '#app/admin/_parts/actor.tsx'
import { hrefWith, idParam, type SearchParams, textParam } from '#app/admin/_parts/address.ts'
import { Fact, Facts } from '#app/admin/_parts/facts.tsx'
import { PageHead } from '#app/admin/_parts/page-head.tsx'
import { Pager } from '#app/admin/_parts/pager.tsx'
import { BatchBadge, stateOfBatch } from '#app/admin/codes/batch-badge.tsx'
import { CodesTable } from '#app/admin/codes/codes-table.tsx'
import { RedemptionsTable } from '#app/admin/codes/redemptions-table.tsx'
import { RevokeDialog } from '#app/admin/codes/revoke-dialog.tsx'
import { AppError } from '#lib/errors.ts'
import { isId } from '#lib/id.ts'
import { creditsToDecimal } from '#lib/money.ts'
import { getCodeBatch, listBatchCodes, listRedemptions } from '#lib/payments/index.ts'

type PageProps = { params: Promise<{ id: string }>; searchParams: Promise<SearchParams> }

const CODES = 20

const loadBatch = cache(async (id: string) => {
  const { viewer: _viewer, ...ctx } = await requirePageAdmin()
  if (!isId(id)) notFound()
  try {
    return await getCodeBatch(ctx, { batchId: id })
  } catch (error) {
    if (error instanceof AppError && error.code === 'not_found') notFound()
    throw error
  }
})

export async function generateMetadata({ params }: PageProps): Promise<Metadata> {
  return { title: (await loadBatch((await params).id)).name }
}

/** One batch of codes: its terms, its codes by number, and who redeemed them. */
export default async function BatchPage({ params, searchParams }: PageProps) {
  const { viewer: _viewer, ...ctx } = await requirePageAdmin()
  const batch = await loadBatch((await params).id)
  const address = await searchParams
  const batchId = batch.id
  const [t, locale, timeZone, codes, redemptions] = await Promise.all([
    getTranslations('adminMoney'),
    getLocale(),
    getTimeZone(),
    listBatchCodes(ctx, { batchId, limit: CODES, after: numberParam(address) }),
    listRedemptions(ctx, { batchId, after: idParam(address, 'after') }),
  ])
  const path = `/admin/codes/${batchId}`
  const when = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', timeZone })
  const number = new Intl.NumberFormat(locale)
  return (
    <>
      <TimeZoneKeeper shown={timeZone} />
      <Link href="/admin/codes" prefetch={false} className={buttonClass('quiet', 'small', '-ms-2.5 mb-2')}>
        <ArrowLeft className="size-4" aria-hidden="true" />
        {t('codes.all')}
      </Link>
      <PageHead
        title={
          <span className="inline-flex flex-wrap items-center gap-x-3 gap-y-1">
            {batch.name}
            <BatchBadge state={batch.isOver && !batch.revokedAt ? 'over' : stateOfBatch(batch, new Date())} />
          </span>
        }
      >
        {!batch.revokedAt && <RevokeDialog batchId={batchId} name={batch.name} />}
      </PageHead>
      <div className="mt-5 grid grid-cols-1 items-start gap-4 lg:grid-cols-[minmax(0,1fr)_22rem]">
        <div className="grid min-w-0 grid-cols-1 gap-4">
          <Card title={t('codes.redemptions')}>
            <RedemptionsTable redemptions={redemptions.items} timeZone={timeZone} empty={t('codes.nobody')} />
            <Pager path={path} params={address} next={redemptions.next} />
          </Card>
          <Card title={t('codes.list')} hint={t('codes.listHint')}>
            <CodesTable
              codes={codes.items}
              batchId={batchId}
              name={batch.name}
              usesPerCode={batch.usesPerCode}
              isRevoked={batch.revokedAt !== null}
            />
            <div className="mt-3 flex flex-wrap gap-2">
              {codes.next !== null && (
                <Link
                  href={hrefWith(path, address, { codes: String(codes.next) })}
                  prefetch={false}
                  scroll={false}
                  className={buttonClass('secondary', 'small')}
                >
                  {t('codes.more')}
                </Link>
              )}
              {numberParam(address) > 0 && (
                <Link
                  href={hrefWith(path, address, { codes: null })}
                  prefetch={false}
                  scroll={false}
                  className={buttonClass('quiet', 'small')}
                >
                  {t('codes.fromFirst')}
                </Link>
              )}
            </div>
          </Card>
        </div>
        <Card title={t('codes.terms')}>
          <Facts>
            <Fact label={t('column.creditsEach')}>{creditsToDecimal(batch.creditsMicros)}</Fact>
            <Fact label={t('column.codes')}>{number.format(batch.codes)}</Fact>
            <Fact label={t('codes.form.usesPerCode')}>{number.format(batch.usesPerCode)}</Fact>
            <Fact label={t('codes.form.codesPerPerson')}>{number.format(batch.codesPerPerson)}</Fact>
            <Fact label={t('column.redeemed')}>
              {t('codes.redeemedOf', { count: batch.redemptions, of: batch.codes * batch.usesPerCode })}
            </Fact>
            <Fact label={t('column.people')}>{number.format(batch.people)}</Fact>
            <Fact label={t('codes.given')}>{creditsToDecimal(batch.creditsMicros * BigInt(batch.redemptions))}</Fact>
            <Fact label={t('column.until')}>{batch.redeemBefore && when.format(batch.redeemBefore)}</Fact>
            <Fact label={t('codes.form.creditsLastDays')}>
              {batch.creditsLastDays !== null && number.format(batch.creditsLastDays)}
            </Fact>
            <Fact label={t('column.created')}>{when.format(batch.createdAt)}</Fact>
            <Fact label={t('codes.by')}>
              <Actor>{batch.createdBy}</Actor>
            </Fact>
            <Fact label={t('codes.revokedAt')}>{batch.revokedAt && when.format(batch.revokedAt)}</Fact>
          </Facts>
        </Card>
      </div>
    </>
  )
}

function numberParam(params: SearchParams): number {
  const text = textParam(params, 'codes')
  return text !== undefined && /^\d{1,5}$/.test(text) ? Number(text) : 0
}
