import type { TransferKind } from '#lib/ledger/shared.ts'

/** What a transfer is there for, as far as its own row says it, and where that is shown. */
export function causeOf(transfer: {
  kind: TransferKind
  holdId: string | null
  reference: string | null
}): { is: 'call' | 'order'; href: string } | null {
  if (transfer.holdId !== null) return { is: 'call', href: `/admin/calls/${transfer.holdId}` }
  const [, what, id] = /^(call|order):([0-9a-f-]{36})$/.exec(transfer.reference ?? '') ?? []
  if (what === 'call') return { is: 'call', href: `/admin/calls/${id}` }
  return what === 'order' ? { is: 'order', href: `/admin/orders/${id}` } : null
}
