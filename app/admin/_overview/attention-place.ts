import { modelHref } from '#app/admin/models/model-href.ts'
import type { Attention } from '#lib/reports/index.ts'

/** The page on which what needs attention is solved; null for a job's failure, which is looked into outside. */
export function placeOf({ kind, subjectId }: Pick<Attention, 'kind' | 'subjectId'>): string | null {
  switch (kind) {
    case 'channel_without_key':
    case 'key_refused':
      return `/admin/channels/${subjectId}`
    case 'model_without_price':
    case 'model_without_channel':
    case 'model_at_a_loss':
      return modelHref(subjectId ?? '')
    case 'order_to_confirm':
      return '/admin/orders?state=pending&method=manual'
    case 'order_in_review':
      return '/admin/orders?state=review'
    case 'dispute_open':
      return '/admin/orders?disputed=yes'
    case 'shortfall':
      return '/admin/orders'
    case 'adjustment_waiting':
      return '/admin/people/adjustments'
    case 'ledger_differs':
    case 'ledger_unchecked':
      return '/admin/ledger'
    case 'job_failing':
      return null
  }
}
