import { expect, it } from 'vitest'
import { placesOf } from '#app/admin/_overview/places.ts'
import { listDays } from '#lib/reports/shared.ts'

it('bars are days, and weeks from a hundred days on; nothing is lost', () => {
  const days = (to: string) => listDays({ from: '2026-01-01', to }).map((day, index) => ({ day, n: BigInt(index + 1) }))
  const few = placesOf(days('2026-04-10'))
  expect(few).toMatchObject({ isWeeks: false, places: { length: 100 } })
  expect(few.sum(({ n }) => n).at(-1)).toBe(100n)
  const many = placesOf(days('2026-04-11'))
  expect(many).toMatchObject({ isWeeks: true, places: { length: 15 } })
  expect(many.places.slice(0, 2)).toEqual(['2026-01-01', '2026-01-08'])
  expect(many.sum(({ n }) => n)[0]).toBe(28n)
  expect(many.sum(({ n }) => n).reduce((sum, n) => sum + n)).toBe((101n * 102n) / 2n)
})
