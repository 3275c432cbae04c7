import { useTranslations } from 'next-intl'
import { Badge } from '#app/admin/_parts/badge.tsx'

export type BatchState = 'active' | 'over' | 'revoked' | 'used'

const TONES = { active: 'success', over: 'neutral', revoked: 'danger', used: 'neutral' } as const

/** Whether codes of a batch can still be redeemed. */
export function BatchBadge({ state }: { state: BatchState }) {
  const t = useTranslations('adminMoney.codes.state')
  return <Badge tone={TONES[state]}>{t(state)}</Badge>
}

type Batch = {
  revokedAt: Date | null
  redeemBefore: Date | null
  codes: number
  usesPerCode: number
  redemptions: number
}

/** @param now what the batch's end is compared with, for the reader's eyes alone: the database decides */
export function stateOfBatch(batch: Batch, now: Date): BatchState {
  if (batch.revokedAt) return 'revoked'
  if (batch.redeemBefore && batch.redeemBefore <= now) return 'over'
  return batch.redemptions >= batch.codes * batch.usesPerCode ? 'used' : 'active'
}
