import type { EntryKind } from '#lib/inference/shared.ts'

/** What an entry is to the order it belongs to: `returned`: what a refund or a dispute had taken; `bonusBack`: its bonus. */
export type OrderEntry = 'top_up' | 'promotion' | 'refund' | 'dispute' | 'returned' | 'bonusBack'

const PREFIX = 'order:'

/** Reads the order that an entry of a statement belongs to out of its reference; null for what belongs to none. */
export function orderEntryOf(entry: {
  kind: EntryKind
  direction: 'in' | 'out'
  reference: string | null
}): { orderId: string; is: OrderEntry } | null {
  if (!entry.reference?.startsWith(PREFIX)) return null
  const orderId = entry.reference.slice(PREFIX.length)
  switch (entry.kind) {
    case 'top_up':
    case 'promotion':
    case 'refund':
    case 'dispute':
      return { orderId, is: entry.kind }
    case 'reversal':
      return { orderId, is: entry.direction === 'in' ? 'returned' : 'bonusBack' }
    default:
      return null
  }
}
