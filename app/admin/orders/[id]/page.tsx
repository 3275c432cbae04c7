import { ArrowLeft } from 'lucide-react'
import type { Metadata } from 'next'
import Link from 'next/link'
import { notFound } from 'next/navigation'
import { getTranslations } from 'next-intl/server'
import { cache } from 'react'
import { requirePageAdmin } from '#app/_server/context.ts'
import { getTimeZone } from '#app/_server/time-zone.ts'
import { Alert } from '#app/_ui/alert.tsx'
import { buttonClass } from '#app/_ui/button.tsx'
import { Card } from '#app/_ui/card.tsx'
import { TimeZoneKeeper } from '#app/_ui/time-zone-keeper.tsx'
import { PageHead } from '#app/admin/_parts/page-head.tsx'
import { OrderActions } from '#app/admin/orders/order-actions.tsx'
import { OrderBadges } from '#app/admin/orders/order-badges.tsx'
import { OrderFacts } from '#app/admin/orders/order-facts.tsx'
import { OrderHistoryList } from '#app/admin/orders/order-history.tsx'
import { OrderTransfers } from '#app/admin/orders/order-transfers.tsx'
import { AppError } from '#lib/errors.ts'
import { isId, newId } from '#lib/id.ts'
import { priceToDecimal } from '#lib/money.ts'
import { type AdminOrder, getOrderForAdmin, getOrderHistory, listOrderTransfers } from '#lib/payments/index.ts'

type PageProps = { params: Promise<{ id: string }> }

const loadOrder = cache(async (id: string) => {
  const { viewer: _viewer, ...ctx } = await requirePageAdmin()
  if (!isId(id)) notFound()
  try {
    const order = await getOrderForAdmin(ctx, { name: id })
    const [history, transfers] = await Promise.all([
      getOrderHistory(ctx, { orderId: id }),
      listOrderTransfers(ctx, { orderId: id }),
    ])
    return { order, history, transfers }
  } catch (error) {
    if (error instanceof AppError && error.code === 'not_found') notFound()
    throw error
  }
})

export async function generateMetadata({ params }: PageProps): Promise<Metadata> {
  const { order } = await loadOrder((await params).id)
  return { title: (await getTranslations('adminMoney'))('order.title', { reference: order.reference }) }
}

/** One order: its terms, its money, what came of it in the ledger, and what an operator can decide. */
export default async function OrderPage({ params }: PageProps) {
  const { order, history, transfers } = await loadOrder((await params).id)
  const [t, timeZone] = await Promise.all([getTranslations('adminMoney'), getTimeZone()])
  const paidCurrency = order.paidCurrency ?? order.currency
  const keptMinor = order.paidMinor - order.refundedMinor - order.disputedMinor
  const isByHand = history.provider === 'manual'
  const says = noteFor(order, isByHand)
  return (
    <>
      <TimeZoneKeeper shown={timeZone} />
      <Link href="/admin/orders" prefetch={false} className={buttonClass('quiet', 'small', '-ms-2.5 mb-2')}>
        <ArrowLeft className="size-4" aria-hidden="true" />
        {t('order.all')}
      </Link>
      <PageHead
        title={
          <span className="inline-flex flex-wrap items-center gap-x-3 gap-y-1">
            {t('order.title', { reference: order.reference })}
            <OrderBadges order={order} />
          </span>
        }
        hint={order.email ?? t('gone')}
      >
        <OrderActions
          orderId={order.id}
          reference={order.reference}
          price={priceToDecimal(order.priceMinor, order.currency)}
          kept={priceToDecimal(keptMinor > 0n ? keptMinor : 0n, paidCurrency)}
          currency={order.currency}
          paidCurrency={paidCurrency}
          canConfirm={isByHand && order.paidMinor === 0n}
          canReject={isByHand && (order.state === 'open' || order.state === 'pending')}
          canRefund={keptMinor > 0n}
          canForgive={history.disputes.some(
            ({ state, forgivenAt }) => (state === 'open' || state === 'lost') && forgivenAt === null,
          )}
          isByHand={isByHand}
          requestId={newId()}
        />
      </PageHead>
      {says && (
        <div className="mt-5">
          <Alert tone={says === 'toConfirm' ? 'info' : 'warning'}>{t(`order.says.${says}`)}</Alert>
        </div>
      )}
      <div className="mt-4 grid grid-cols-1 items-start gap-4 lg:grid-cols-2">
        <Card title={t('order.facts')}>
          <OrderFacts order={order} history={history} timeZone={timeZone} />
        </Card>
        <div className="grid min-w-0 grid-cols-1 gap-4">
          <Card title={t('order.transfers')}>
            <OrderTransfers transfers={transfers} timeZone={timeZone} />
          </Card>
          <Card title={t('order.history')}>
            <OrderHistoryList order={order} history={history} timeZone={timeZone} />
          </Card>
        </div>
      </div>
    </>
  )
}

/** What an operator should know before anything else. */
function noteFor(order: AdminOrder, isByHand: boolean): 'toConfirm' | 'review' | 'disputed' | 'shortfall' | null {
  if (isByHand && order.state === 'pending') return 'toConfirm'
  if (order.state === 'review') return 'review'
  if (order.dispute === 'open' || order.dispute === 'inquiry') return 'disputed'
  return order.shortfallMicros > 0n ? 'shortfall' : null
}
