import { CircleAlert, CircleCheck, CircleSlash, Clock, type LucideIcon, TriangleAlert, Undo2 } from 'lucide-react'
import Link from 'next/link'
import { useLocale, useTranslations } from 'next-intl'
import { Alert } from '#app/_ui/alert.tsx'
import { buttonClass } from '#app/_ui/button.tsx'
import { Card } from '#app/_ui/card.tsx'
import { CancelForm } from '#app/(account)/credits/orders/cancel-form.tsx'
import { OrderWatch } from '#app/(account)/credits/orders/order-watch.tsx'
import { PrintButton } from '#app/(account)/credits/orders/print-button.tsx'
import type { Stage } from '#app/(account)/credits/orders/stage.ts'
import { formatCredits, formatPrice } from '#lib/money.ts'
import type { OrderView } from '#lib/payments/shared.ts'

const WAITING = { icon: Clock, mark: 'text-muted' }
const DONE = { icon: CircleCheck, mark: 'text-success' }
const GIVEN_BACK = { icon: Undo2, mark: 'text-muted' }
const CLOSED = { icon: CircleSlash, mark: 'text-muted' }
const WARNED = { icon: TriangleAlert, mark: 'text-warning' }
const FAILED = { icon: CircleAlert, mark: 'text-danger' }

const SIGNS: Record<Stage, { icon: LucideIcon; mark: string }> = {
  open: WAITING,
  back: WAITING,
  unready: FAILED,
  transfer: WAITING,
  reported: WAITING,
  pending: WAITING,
  paid: DONE,
  refundedPart: GIVEN_BACK,
  refunded: GIVEN_BACK,
  disputed: WARNED,
  disputeLost: WARNED,
  inquiry: DONE,
  expired: CLOSED,
  failed: FAILED,
  canceled: CLOSED,
  rejected: FAILED,
  review: WARNED,
}

type OrderStatusProps = { order: OrderView; stage: Stage; isUnreachable: boolean }

/** What has become of an order, in a sentence, and what there is to do about it. */
export function OrderStatus({ order, stage, isUnreachable }: OrderStatusProps) {
  const t = useTranslations('orders')
  const sentence = useSentence(order, stage)
  const { icon: Icon, mark } = SIGNS[stage]
  const isWaiting = stage !== 'unready' && (order.state === 'open' || order.state === 'pending')
  return (
    <Card>
      <div className="flex items-start gap-3">
        <Icon className={`mt-[0.15em] size-5 shrink-0 ${mark}`} aria-hidden="true" />
        <div className="min-w-0">
          {/* Read out when it changes while somebody waits. */}
          <p role="status" className="figures font-medium">
            {sentence}
          </p>
          {order.decisionNote && (
            <p className="mt-1 whitespace-pre-line break-words text-sm">
              <span className="text-muted">{t('decisionNote')}</span> {order.decisionNote}
            </p>
          )}
          {isWaiting && <OrderWatch orderId={order.id} state={order.state} />}
        </div>
      </div>
      {isUnreachable && (
        <div className="mt-4">
          <Alert tone="warning">{t('unasked')}</Alert>
        </div>
      )}
      <div className="mt-4 flex flex-wrap items-center gap-2 empty:hidden print:hidden">
        <WaysOn order={order} stage={stage} />
      </div>
    </Card>
  )
}

function useSentence(order: OrderView, stage: Stage): string {
  const t = useTranslations('orders.state')
  const locale = useLocale()
  const price = (minor: bigint) => formatPrice(minor, order.currency, locale)
  const credits = formatCredits(order.creditedMicros, locale)
  switch (stage) {
    case 'transfer':
      return t('transfer', { price: price(order.priceMinor) })
    case 'refundedPart':
      return t('refundedPart', { amount: price(order.refundedMinor) })
    case 'paid':
      return order.bonusCreditedMicros > 0n
        ? t('paidBonus', { credits, bonus: formatCredits(order.bonusCreditedMicros, locale) })
        : t('paid', { credits })
    default:
      return t(stage)
  }
}

function WaysOn({ order, stage }: { order: OrderView; stage: Stage }) {
  const t = useTranslations('orders')
  const locale = useLocale()
  switch (stage) {
    case 'open':
    case 'back':
      return (
        <>
          <a href={order.paymentUrl!} className={buttonClass('primary', 'medium', 'figures max-sm:w-full')}>
            {t('payNow', { price: formatPrice(order.priceMinor, order.currency, locale) })}
          </a>
          <CancelForm orderId={order.id} />
        </>
      )
    case 'transfer':
      return <CancelForm orderId={order.id} />
    case 'unready':
      return (
        <>
          <ToBuying>{t('newOrder')}</ToBuying>
          <CancelForm orderId={order.id} />
        </>
      )
    case 'reported':
    case 'pending':
    case 'review':
      return null
    case 'expired':
    case 'failed':
    case 'canceled':
    case 'rejected':
      return <ToBuying>{t('newOrder')}</ToBuying>
    default:
      return (
        <>
          <Link href="/" className={buttonClass('primary', 'medium', 'max-sm:w-full')}>
            {t('toChat')}
          </Link>
          <Link href="/credits#statement" prefetch={false} className={buttonClass('secondary', 'medium')}>
            {t('toStatement')}
          </Link>
          <PrintButton />
        </>
      )
  }
}

function ToBuying({ children }: { children: string }) {
  return (
    <Link href="/credits#buy" prefetch={false} className={buttonClass('primary', 'medium', 'max-sm:w-full')}>
      {children}
    </Link>
  )
}
