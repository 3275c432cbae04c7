import { ArrowLeft } from 'lucide-react'
import type { Metadata } from 'next'
import Link from 'next/link'
import { notFound } from 'next/navigation'
import { getTranslations } from 'next-intl/server'
import { cache } from 'react'
import { requirePageUser } from '#app/_server/context.ts'
import { getSiteName } from '#app/_server/site.ts'
import { getTimeZone } from '#app/_server/time-zone.ts'
import { buttonClass } from '#app/_ui/button.tsx'
import { TimeZoneKeeper } from '#app/_ui/time-zone-keeper.tsx'
import { OrderReceipt } from '#app/(account)/credits/orders/order-receipt.tsx'
import { OrderStatus } from '#app/(account)/credits/orders/order-status.tsx'
import { stageOf } from '#app/(account)/credits/orders/stage.ts'
import { TransferCard } from '#app/(account)/credits/orders/transfer-card.tsx'
import { AppError } from '#lib/errors.ts'
import { orderInput, refreshOrder } from '#lib/payments/index.ts'

type PageProps = {
  params: Promise<{ id: string }>
  searchParams: Promise<Record<string, string | string[] | undefined>>
}

const loadOrder = cache(async (orderId: string) => {
  const { viewer: _viewer, ...ctx } = await requirePageUser()
  const asked = orderInput.safeParse({ orderId })
  if (!asked.success) notFound()
  try {
    return await refreshOrder(ctx, asked.data)
  } catch (error) {
    if (error instanceof AppError && error.code === 'not_found') notFound()
    throw error
  }
})

export async function generateMetadata({ params }: PageProps): Promise<Metadata> {
  const { order } = await loadOrder((await params).id)
  return { title: (await getTranslations('orders'))('title', { reference: order.reference }) }
}

/** One order: where people pay it, where they land after paying, and its receipt. */
export default async function OrderPage({ params, searchParams }: PageProps) {
  const { viewer, ...ctx } = await requirePageUser()
  const { order, isUnreachable } = await loadOrder((await params).id)
  const [t, timeZone, siteName] = await Promise.all([getTranslations('orders'), getTimeZone(), getSiteName()])
  const stage = stageOf(order, (await searchParams).back !== undefined)
  const isTransfer = stage === 'transfer' || stage === 'reported'
  return (
    <div className="mx-auto max-w-lg">
      <TimeZoneKeeper shown={timeZone} />
      <Link href="/credits/orders" prefetch={false} className={buttonClass('quiet', 'small', '-ms-2.5 print:hidden')}>
        <ArrowLeft className="size-4" aria-hidden="true" />
        {t('toOrders')}
      </Link>
      <h1 className="mt-2 mb-4 font-semibold text-2xl">{t('title', { reference: order.reference })}</h1>
      <div className="grid grid-cols-1 gap-4">
        <OrderStatus order={order} stage={stage} isUnreachable={isUnreachable} />
        {isTransfer && <TransferCard ctx={ctx} order={order} />}
        <OrderReceipt order={order} timeZone={timeZone} siteName={siteName} person={viewer} />
      </div>
    </div>
  )
}
