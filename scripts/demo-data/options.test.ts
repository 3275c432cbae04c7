import { expect, it } from 'vitest'
import { parseSeedOptions } from '#scripts/demo-data/options.ts'

it.each([
  { typed: [], read: { demo: null, help: false } },
  { typed: ['--demo', 'large'], read: { demo: 'large', help: false } },
  { typed: ['--demo=small'], read: { demo: 'small', help: false } },
  { typed: ['--help'], read: { demo: null, help: true } },
])('$typed is read', ({ typed, read }) => {
  expect(parseSeedOptions(typed, {})).toEqual(read)
})

it.each([
  { typed: ['--demo', 'huge'], env: {}, says: "--demo is small or large, not 'huge'" },
  { typed: ['--demo'], env: {}, says: 'npm run seed' },
  { typed: ['--data'], env: {}, says: 'npm run seed' },
  { typed: [], env: { npm_config_demo: 'large' }, says: 'with the two dashes before it' },
])('$typed is refused', ({ typed, env, says }) => {
  expect(() => parseSeedOptions(typed, env)).toThrow(says)
})
