import { ArrowLeft } from 'lucide-react'
import type { Metadata } from 'next'
import Link from 'next/link'
import { notFound } from 'next/navigation'
import { getLocale, getTranslations } from 'next-intl/server'
import { cache } from 'react'
import { requirePageAdmin } from '#app/_server/context.ts'
import { getTimeZone } from '#app/_server/time-zone.ts'
import { Alert } from '#app/_ui/alert.tsx'
import { buttonClass } from '#app/_ui/button.tsx'
import { Card } from '#app/_ui/card.tsx'
import { ReceiptDetails } from '#app/_ui/receipt/receipt-details.tsx'
import { TimeZoneKeeper } from '#app/_ui/time-zone-keeper.tsx'
import { PageHead } from '#app/admin/_parts/page-head.tsx'
import { BehindCall } from '#app/admin/calls/behind-call.tsx'
import { CallTransfers } from '#app/admin/calls/call-transfers.tsx'
import { CreditBackDialog } from '#app/admin/calls/credit-back-dialog.tsx'
import { OutcomeBadge } from '#app/admin/calls/outcome-badge.tsx'
import { verdictOf } from '#app/admin/calls/verdict.ts'
import { AppError } from '#lib/errors.ts'
import { isId, newId } from '#lib/id.ts'
import { getCall } from '#lib/inference/index.ts'
import { creditsToDecimal } from '#lib/money.ts'

type PageProps = { params: Promise<{ id: string }> }

const loadCall = cache(async (id: string) => {
  const { viewer: _viewer, ...ctx } = await requirePageAdmin()
  if (!isId(id)) notFound()
  try {
    return await getCall(ctx, { callId: id })
  } catch (error) {
    if (error instanceof AppError && error.code === 'not_found') notFound()
    throw error
  }
})

export async function generateMetadata({ params }: PageProps): Promise<Metadata> {
  await loadCall((await params).id)
  return { title: (await getTranslations('adminMoney'))('call.title') }
}

/** One call: what its owner sees, what stands behind it, and what can be put right. */
export default async function CallPage({ params }: PageProps) {
  const call = await loadCall((await params).id)
  const [t, locale, timeZone] = await Promise.all([getTranslations('adminMoney'), getLocale(), getTimeZone()])
  const when = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium', timeZone })
  const { receipt, person } = call
  const leftMicros = call.chargedMicros - call.givenBackMicros
  const verdict = verdictOf(call)
  return (
    <>
      <TimeZoneKeeper shown={timeZone} />
      <Link
        href={`/admin/calls?user=${call.userId}`}
        prefetch={false}
        className={buttonClass('quiet', 'small', '-ms-2.5 mb-2')}
      >
        <ArrowLeft className="size-4" aria-hidden="true" />
        {t('call.all')}
      </Link>
      <PageHead
        title={
          <span className="inline-flex flex-wrap items-center gap-x-3 gap-y-1">
            {t('call.at', { time: when.format(new Date(receipt.createdAt)) })}
            <OutcomeBadge outcome={receipt.outcome} />
          </span>
        }
        hint={person?.email ?? t('gone')}
      >
        {leftMicros > 0n && person && (
          <CreditBackDialog
            callId={receipt.id}
            requestId={newId()}
            left={creditsToDecimal(leftMicros)}
            email={person.email}
          />
        )}
      </PageHead>
      <div className="mt-5">
        <Alert tone={verdict.tone}>
          {t(`verdict.${verdict.says}`)}
          {call.givenBackMicros > 0n && (
            <>
              {' '}
              {t(leftMicros > 0n ? 'verdict.partGivenBack' : 'verdict.givenBack', {
                amount: creditsToDecimal(call.givenBackMicros),
              })}
            </>
          )}
        </Alert>
      </div>
      <div className="mt-4 grid grid-cols-1 items-start gap-4 lg:grid-cols-2">
        <Card title={t('call.receipt')} hint={t('call.receiptHint')}>
          <ReceiptDetails receipt={receipt} timeZone={timeZone} beside="operator" />
        </Card>
        <Card title={t('call.behind')}>
          <BehindCall call={call} timeZone={timeZone} />
        </Card>
      </div>
      <div className="mt-4">
        <Card title={t('call.transfers')} hint={call.transfers.length === 0 ? t('call.noTransfers') : undefined}>
          <CallTransfers transfers={call.transfers} timeZone={timeZone} />
        </Card>
      </div>
    </>
  )
}
