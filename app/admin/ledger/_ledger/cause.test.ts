import { expect, it } from 'vitest'
import { causeOf } from '#app/admin/ledger/_ledger/cause.ts'

const id = '01900000-0000-7000-8000-000000000001'

it.each([
  [{ kind: 'usage', holdId: id, reference: 'anything' }, `/admin/calls/${id}`],
  [{ kind: 'goodwill', holdId: null, reference: `call:${id}` }, `/admin/calls/${id}`],
  [{ kind: 'refund', holdId: null, reference: `order:${id}` }, `/admin/orders/${id}`],
  [{ kind: 'grant', holdId: null, reference: null }, undefined],
  [{ kind: 'redemption', holdId: null, reference: '…7QWX' }, undefined],
  [{ kind: 'top_up', holdId: null, reference: 'order:../../x' }, undefined],
] as const)('the way to the cause of %o is %s', (transfer, href) => {
  expect(causeOf(transfer)?.href).toBe(href)
})
