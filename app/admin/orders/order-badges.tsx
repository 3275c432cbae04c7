import { useTranslations } from 'next-intl'
import { Badge, type BadgeTone } from '#app/admin/_parts/badge.tsx'
import type { DisputeState, OrderState } from '#lib/payments/shared.ts'

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

type OrderBadgesProps = { state: OrderState; isRefunded: boolean; dispute: DisputeState | null }

/** Where an order stands, and what has been given or taken back of it. */
export function OrderBadges({ state, isRefunded, dispute }: OrderBadgesProps) {
  const t = useTranslations('adminMoney')
  return (
    <span className="inline-flex flex-wrap gap-1">
      <Badge tone={TONES[state]}>{t(`orderStates.${state}`)}</Badge>
      {isRefunded && <Badge tone="neutral">{t('refunded')}</Badge>}
      {dispute && <Badge tone={DISPUTE_TONES[dispute]}>{t(`disputes.${dispute}`)}</Badge>}
    </span>
  )
}
