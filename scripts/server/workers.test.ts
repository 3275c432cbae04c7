import { expect, test } from 'vitest'
import { restartPauseMs } from '#scripts/server/workers.ts'

test('a worker that keeps dying is replaced ever later, up to half a minute', () => {
  expect([1, 2, 3, 4].map(restartPauseMs)).toEqual([500, 1_000, 2_000, 4_000])
  expect(restartPauseMs(50)).toBe(30_000)
})
