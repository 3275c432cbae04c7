import { expect, test } from 'vitest'
import { toFailure } from '#app/_server/failure.ts'
import { createDatabase } from '#db/client.ts'
import { AppError } from '#lib/errors.ts'

test('a database that is away is a moment, not the end of what was asked', async () => {
  const nobody = createDatabase('postgres://nobody@127.0.0.1:1/none', 1)
  const fault = await nobody.execute('SELECT 1').then(
    () => null,
    (error: unknown) => error,
  )
  await nobody.$client.end()
  expect(toFailure(fault, 'request')).toEqual({
    status: 503,
    failure: { code: 'unavailable', params: {}, requestId: 'request' },
  })
})

test('an expected failure keeps its code and plain values, any other tells nothing', () => {
  const expected = new AppError('insufficient_credits', { params: { neededMicros: '5' }, message: 'inner words' })
  expect(toFailure(expected, 'request')).toEqual({
    status: 402,
    failure: { code: 'insufficient_credits', params: { neededMicros: '5' }, requestId: 'request' },
  })
  expect(toFailure(new Error('inner words'), 'request')).toEqual({
    status: 500,
    failure: { code: 'internal', params: {}, requestId: 'request' },
  })
})
