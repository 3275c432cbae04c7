import { useTranslations } from 'next-intl'
import { Badge, type BadgeTone } from '#app/admin/_parts/badge.tsx'
import type { Outcome } from '#lib/inference/shared.ts'

const TONES: Record<Outcome, BadgeTone> = {
  completed: 'success',
  stopped: 'neutral',
  interrupted: 'warning',
  failed: 'danger',
  empty: 'warning',
}

/** What came of a call. */
export function OutcomeBadge({ outcome }: { outcome: Outcome }) {
  const t = useTranslations('adminMoney.outcomes')
  return <Badge tone={TONES[outcome]}>{t(outcome)}</Badge>
}
