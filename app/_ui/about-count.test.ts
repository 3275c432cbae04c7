import { expect, it } from 'vitest'
import { aboutCount } from '#app/_ui/about-count.ts'

it.each([
  [0, 0],
  [3.9, 3],
  [99, 99],
  [100, 100],
  [1_234, 1_200],
  [99_999, 99_000],
  [1_000_000, 1_000_000],
])('%d messages are about %d', (count, about) => {
  expect(aboutCount(count)).toBe(about)
})
