import { useTranslations } from 'next-intl'
import { Badge, type BadgeTone } from '#app/admin/_parts/badge.tsx'
import type { DisputeState, OrderState, PaymentMethod } from '#lib/payments/shared.ts'

const TONES: Record<OrderState, BadgeTone> = {
  open: 'neutral',
  pending: 'accent',
  review: 'warning',
  paid: 'success',
  expired: 'neutral',
  failed: 'danger',
  canceled: 'neutral',
  rejected: 'neutral',
}

const DISPUTE_TONES: Record<DisputeState, BadgeTone> = {
  inquiry: 'warning',
  open: 'danger',
  lost: 'danger',
  won: 'success',
  closed: 'neutral',
}

type OrderBadgesProps = {
  order: {
    state: OrderState
    method: PaymentMethod
    paidMinor: bigint
    refundedMinor: bigint
    dispute: DisputeState | null
  }
}

/** Where an order stands, and what has been given or taken back of it. */
export function OrderBadges({ order: { state, method, paidMinor, refundedMinor, dispute } }: OrderBadgesProps) {
  const t = useTranslations('adminMoney')
  return (
    <span className="inline-flex flex-wrap gap-1">
      <Badge tone={TONES[state]}>
        {t(state === 'pending' && method !== 'manual' ? 'orderStates.underWay' : `orderStates.${state}`)}
      </Badge>
      {refundedMinor > 0n && <Badge>{t(refundedMinor < paidMinor ? 'partRefunded' : 'refunded')}</Badge>}
      {dispute && <Badge tone={DISPUTE_TONES[dispute]}>{t(`disputes.${dispute}`)}</Badge>}
    </span>
  )
}
