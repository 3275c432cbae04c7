import { expect, it } from 'vitest'
import { retryDelayMs } from '#app/(chat)/_thread/follow.ts'

it('waits longer after each failure, never very long, and not everybody alike', () => {
  expect([0, 1, 2, 3].map((failures) => retryDelayMs(failures, 1))).toEqual([400, 800, 1600, 3200])
  expect(retryDelayMs(30, 1)).toBe(15_000)
  expect(retryDelayMs(3, 0)).toBe(1600)
})
