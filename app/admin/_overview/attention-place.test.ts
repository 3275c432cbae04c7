import { expect, it } from 'vitest'
import { placeOf } from '#app/admin/_overview/attention-place.ts'
import { askedOrders } from '#app/admin/orders/filter.ts'
import type { Ctx } from '#lib/ctx.ts'

const filterOf = async (href: string | null) => {
  const { pathname, searchParams } = new URL(href ?? '', 'http://localhost')
  expect(pathname).toBe('/admin/orders')
  // A search alone would ask the database.
  return (await askedOrders({} as Ctx, Object.fromEntries(searchParams), 'UTC')).filter
}

it.each([
  ['order_to_confirm', { state: 'pending', method: 'manual' }],
  ['order_in_review', { state: 'review' }],
  ['dispute_open', { disputed: true }],
] as const)('%s leads to the orders that it counts', async (kind, filter) => {
  const asked = await filterOf(placeOf({ kind, subjectId: null }))
  expect(Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined))).toEqual(filter)
})

it('leads to a model whose id has slashes, to a channel, and nowhere for a job', () => {
  expect(placeOf({ kind: 'model_at_a_loss', subjectId: 'vendor/new:free' })).toBe('/admin/models/vendor/new%3Afree')
  expect(placeOf({ kind: 'key_refused', subjectId: 'c1' })).toBe('/admin/channels/c1')
  expect(placeOf({ kind: 'job_failing', subjectId: 'sweep' })).toBeNull()
})
