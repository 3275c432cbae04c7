import { ArrowLeft, ArrowRight } from 'lucide-react'
import type { Metadata } from 'next'
import Link from 'next/link'
import { notFound } from 'next/navigation'
import { getLocale, getTranslations } from 'next-intl/server'
import { cache, type ReactNode } from 'react'
import { requirePageAdmin } from '#app/_server/context.ts'
import { getTimeZone } from '#app/_server/time-zone.ts'
import { buttonClass } from '#app/_ui/button.tsx'
import { Card } from '#app/_ui/card.tsx'
import { TimeZoneKeeper } from '#app/_ui/time-zone-keeper.tsx'
import { Actor } from '#app/admin/_parts/actor.tsx'
import { Fact, Facts, Id } from '#app/admin/_parts/facts.tsx'
import { PageHead } from '#app/admin/_parts/page-head.tsx'
import { TextLink } from '#app/admin/_parts/text-link.tsx'
import { causeOf } from '#app/admin/ledger/_ledger/cause.ts'
import { TransferLots } from '#app/admin/ledger/_ledger/transfer-lots.tsx'
import { TransferSideCard } from '#app/admin/ledger/_ledger/transfer-side-card.tsx'
import { AppError } from '#lib/errors.ts'
import { isId } from '#lib/id.ts'
import { getTransfer } from '#lib/ledger/index.ts'
import { creditsToDecimal } from '#lib/money.ts'
import { findRedemption } from '#lib/payments/index.ts'

type PageProps = { params: Promise<{ id: string }> }

const loadTransfer = cache(async (id: string) => {
  const { viewer: _viewer, ...ctx } = await requirePageAdmin()
  if (!isId(id)) notFound()
  try {
    const transfer = await getTransfer(ctx, { transferId: id })
    const redemption = transfer.kind === 'redemption' ? await findRedemption(ctx, { transferId: id }) : null
    return { transfer, redemption }
  } catch (error) {
    if (error instanceof AppError && error.code === 'not_found') notFound()
    throw error
  }
})

export async function generateMetadata({ params }: PageProps): Promise<Metadata> {
  const { transfer } = await loadTransfer((await params).id)
  return { title: (await getTranslations('adminMoney'))(`kinds.${transfer.kind}`) }
}

/** One transfer: both its sides, the credits behind it, and why it is there. */
export default async function TransferPage({ params }: PageProps) {
  const { transfer, redemption } = await loadTransfer((await params).id)
  const [t, locale, timeZone] = await Promise.all([getTranslations('adminMoney'), getLocale(), getTimeZone()])
  const when = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium', timeZone })
  const cause = causeOf(transfer)
  let causeLink: ReactNode = null
  if (cause) causeLink = <TextLink href={cause.href}>{t(`transfer.cause.${cause.is}`)}</TextLink>
  if (redemption) {
    causeLink = (
      <TextLink href={`/admin/codes/${redemption.batchId}`}>
        {t('transfer.cause.code', { name: redemption.name, number: redemption.number })}
      </TextLink>
    )
  }
  return (
    <>
      <TimeZoneKeeper shown={timeZone} />
      <Link href="/admin/ledger/transfers" prefetch={false} className={buttonClass('quiet', 'small', '-ms-2.5 mb-2')}>
        <ArrowLeft className="size-4" aria-hidden="true" />
        {t('transfer.all')}
      </Link>
      <PageHead
        title={t('transfer.title', {
          kind: t(`kinds.${transfer.kind}`),
          amount: creditsToDecimal(transfer.amountMicros),
        })}
        hint={when.format(transfer.at)}
      />
      <div className="mt-5 grid items-center gap-3 sm:grid-cols-[minmax(0,1fr)_auto_minmax(0,1fr)]">
        <TransferSideCard title={t('column.from')} side={transfer.debit} />
        <ArrowRight className="size-5 justify-self-center text-muted max-sm:rotate-90" aria-hidden="true" />
        <TransferSideCard title={t('column.to')} side={transfer.credit} />
      </div>
      <div className="mt-4 grid grid-cols-1 items-start gap-4 lg:grid-cols-2">
        <Card title={t('transfer.why')}>
          <Facts>
            <Fact label={t('transfer.causedBy')}>{causeLink}</Fact>
            <Fact label={t('transfer.reason')}>{transfer.reason}</Fact>
            <Fact label={t('transfer.actor')}>
              <Actor>{transfer.actor}</Actor>
            </Fact>
            <Fact label={t('ledger.reference')}>{transfer.reference && <Id>{transfer.reference}</Id>}</Fact>
            <Fact label={t('call.hold')}>{transfer.holdId && <Id>{transfer.holdId}</Id>}</Fact>
            <Fact label={t('transfer.key')}>
              <Id>{transfer.idempotencyKey}</Id>
            </Fact>
            <Fact label={t('transfer.id')}>
              <Id>{transfer.id}</Id>
            </Fact>
          </Facts>
        </Card>
        <Card title={t('transfer.lots')}>
          <TransferLots transfer={transfer} timeZone={timeZone} />
        </Card>
      </div>
    </>
  )
}
