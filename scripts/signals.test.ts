import { expect, test } from 'vitest'
import { countRequests } from '#scripts/signals.ts'

test('one Ctrl-C that arrives three times is one request; a person who presses again insists', () => {
  const heard: string[] = []
  let clock = 1_000
  const request = countRequests(
    (kind) => heard.push(kind),
    () => clock,
  )
  request()
  request()
  clock += 200
  request()
  expect(heard).toEqual(['first'])
  clock += 400
  request()
  expect(heard).toEqual(['first', 'again'])
})
