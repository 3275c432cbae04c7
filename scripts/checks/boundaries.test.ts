import { expect, test } from 'vitest'
import { findViolations } from './boundaries.ts'
import { parseSource } from './source.ts'

/** A house of these files; imported modules that no test is about stand empty. */
function house(files: Record<string, string>): string[] {
  return findViolations(Object.entries(files).map(([path, text]) => parseSource(path, text)))
}

const empty = 'export {}'
const standing = {
  'db/client.ts': empty,
  'db/schema/index.ts': empty,
  'lib/money.ts': empty,
  'lib/env.ts': empty,
  'lib/ctx.ts': empty,
  'lib/log.ts': empty,
  'lib/errors.ts': empty,
  'lib/ledger/index.ts': empty,
  'lib/ledger/shared.ts': empty,
  'lib/ledger/holds.ts': empty,
  'lib/settings/index.ts': empty,
  'lib/users/index.ts': empty,
  'lib/auth/index.ts': empty,
  'lib/auth/client.ts': empty,
  'lib/inference/index.ts': empty,
  'lib/chat/index.ts': empty,
  'lib/chat/shared.ts': empty,
  'app/_ui/button.tsx': empty,
  'app/_server/route.ts': empty,
  'tests/support/database.ts': empty,
  'scripts/ports.ts': empty,
}

const refused: [name: string, file: string, text: string, complaint: RegExp][] = [
  ['a page imports db', 'app/page.tsx', `import '#db/client.ts'`, /page\.tsx:1: app may not import db\/client\.ts/],
  ['a page imports drizzle', 'app/page.tsx', `import { sql } from 'drizzle-orm'`, /app may not import drizzle-orm/],
  ['a page imports next-auth', 'app/page.tsx', `import 'next-auth/react'`, /next-auth is used in lib\/auth only/],
  ['proxy.ts counts as app', 'proxy.ts', `import '#db/client.ts'`, /proxy\.ts:1: app may not import/],
  ['a page enters a domain by the window', 'app/page.tsx', `import '#lib/ledger/holds.ts'`, /through its index\.ts/],
  ['ledger imports chat', 'lib/ledger/x.ts', `import '#lib/chat/index.ts'`, /lib\/ledger may not import lib\/chat/],
  ['only for a type', 'lib/ledger/x.ts', `import type { A } from '#lib/chat/index.ts'`, /may not import lib\/chat/],
  ['by a re-export', 'lib/ledger/x.ts', `export { a } from '#lib/chat/index.ts'`, /may not import lib\/chat/],
  ['by a dynamic import', 'lib/ledger/x.ts', `await import('#lib/chat/index.ts')`, /may not import lib\/chat/],
  ['a domain imports its own tier', 'lib/ledger/x.ts', `import '#lib/settings/index.ts'`, /not below it/],
  ['the exception is no licence', 'lib/ledger/x.ts', `import '#lib/users/index.ts'`, /not below it/],
  ['a domain enters another by the window', 'lib/chat/x.ts', `import '#lib/ledger/holds.ts'`, /through its index\.ts/],
  ['a domain without a tier', 'lib/weather/x.ts', `import '#lib/ledger/index.ts'`, /no place among the tiers/],
  ['a domain imports app', 'lib/chat/x.ts', `import '#app/_server/route.ts'`, /lib\/chat may not import app/],
  ['a domain imports React', 'lib/chat/x.ts', `import { cache } from 'react'`, /lib\/chat may not import react/],
  ['a domain imports Next', 'lib/chat/x.ts', `import 'next/headers'`, /lib\/chat may not import next/],
  ['another than inference calls vendors', 'lib/chat/x.ts', `import 'openai'`, /openai is used in lib\/inference only/],
  ['foundation imports a domain', 'lib/x.ts', `import '#lib/ledger/index.ts'`, /foundation .* may not import/],
  ['db imports a verb', 'db/x.ts', `import '#lib/ctx.ts'`, /db may not import lib\/ctx\.ts/],
  ['db imports a package', 'db/x.ts', `import 'zod'`, /not zod/],
  ['a relative import leaves its room', 'lib/ledger/x.ts', `import '../money.ts'`, /across rooms as '#lib\/money\.ts'/],
  [
    'the product imports a test helper',
    'lib/chat/x.ts',
    `import '#tests/support/database.ts'`,
    /nothing imports a test/,
  ],
  [
    'a script imports a test helper',
    'scripts/x.ts',
    `await import('#tests/support/database.ts')`,
    /nothing imports a test/,
  ],
  ['an import without its ending', 'lib/chat/x.ts', `import '#lib/ctx'`, /no module of ours/],
  ['a script enters a domain by the window', 'scripts/x.ts', `import '#lib/ledger/holds.ts'`, /through its index\.ts/],
  [
    'a client file imports a server module',
    'app/(chat)/x.tsx',
    `'use client'\nimport { log } from '#lib/log.ts'`,
    /x\.tsx:2: a browser loads this file: lib\/log\.ts is for the server/,
  ],
  [
    'a client file imports a domain',
    'app/(chat)/x.tsx',
    `'use client'\nimport { a } from '#lib/chat/index.ts'`,
    /shared\.ts is what browsers may have/,
  ],
  [
    'also for a type',
    'app/(chat)/x.tsx',
    `'use client'\nimport type { A } from '#lib/chat/index.ts'`,
    /shared\.ts is what browsers may have/,
  ],
  ['a client file imports Node', 'app/x.tsx', `'use client'\nimport 'node:fs'`, /node:fs is for the server/],
  [
    'a client file imports cookies',
    'app/x.tsx',
    `'use client'\nimport 'next/headers'`,
    /next\/headers is for the server/,
  ],
]

test.each(refused)('refused: %s', (_name, file, text, complaint) => {
  const lines = house({ ...standing, [file]: text })
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatch(complaint)
})

const allowed: [name: string, file: string, text: string][] = [
  ['a page calls a domain', 'app/page.tsx', `import '#lib/chat/index.ts'\nimport '#lib/money.ts'\nimport 'next/link'`],
  ['a domain calls lower ones', 'lib/chat/x.ts', `import '#lib/inference/index.ts'\nimport '#lib/ledger/index.ts'`],
  ['users opens wallets', 'lib/users/x.ts', `import '#lib/ledger/index.ts'`],
  ['auth speaks Next', 'lib/auth/x.ts', `import 'next/headers'\nimport 'next-auth'\nimport '#lib/users/index.ts'`],
  ['inference calls vendors', 'lib/inference/x.ts', `import 'openai'`],
  ['foundation uses the tables', 'lib/x.ts', `import '#db/schema/index.ts'\nimport 'zod'`],
  ['db reads the environment', 'db/x.ts', `import '#lib/env.ts'\nimport 'pg'\nimport 'node:fs'`],
  [
    'a script uses all that serves it',
    'scripts/x.ts',
    `import '#db/client.ts'\nimport '#lib/ledger/index.ts'\nimport 'next'`,
  ],
  [
    'a test looks everywhere',
    'lib/ledger/x.test.ts',
    `import './holds.ts'\nimport '#db/client.ts'\nimport '#tests/support/database.ts'`,
  ],
  [
    'a client file uses what is made for browsers',
    'app/(chat)/x.tsx',
    `'use client'\nimport '#app/_ui/button.tsx'\nimport '#lib/chat/shared.ts'\nimport '#lib/money.ts'\nimport '#lib/auth/client.ts'\nimport type { C } from '#lib/errors.ts'`,
  ],
]

test.each(allowed)('allowed: %s', (_name, file, text) => {
  expect(house({ ...standing, [file]: text })).toEqual([])
})

test('what a client file imports is followed to the end, and the way is told', () => {
  const lines = house({
    ...standing,
    'app/(chat)/a.tsx': `'use client'\nimport './b.ts'`,
    'app/(chat)/b.ts': `import '#lib/ledger/shared.ts'`,
    'lib/ledger/shared.ts': `import './rules.ts'`,
    'lib/ledger/rules.ts': `import '#lib/ctx.ts'`,
  })
  expect(lines).toEqual([
    'lib/ledger/rules.ts:1: a browser loads this file (app/(chat)/a.tsx → app/(chat)/b.ts → lib/ledger/shared.ts → lib/ledger/rules.ts): lib/ctx.ts is for the server',
  ])
})

test('an action is called by reference: what it imports stays on the server', () => {
  expect(
    house({
      ...standing,
      'app/(chat)/a.tsx': `'use client'\nimport { save } from './actions.ts'\nimport { choose } from '#app/_server/preferences.ts'`,
      'app/_server/preferences.ts': `'use server'\nimport '#lib/log.ts'`,
      'app/(chat)/actions.ts': `'use server'\nimport '#app/_server/route.ts'\nimport '#lib/chat/index.ts'`,
    }),
  ).toEqual([])
})

test('circles: of values anywhere, of types inside lib', () => {
  expect(
    house({ 'app/a.ts': `import './b.ts'`, 'app/b.ts': `import './c.ts'`, 'app/c.ts': `import './a.ts'` }),
  ).toEqual(['app/c.ts: imports in a circle: app/a.ts → app/b.ts → app/c.ts → app/a.ts'])
  const types = (room: string) =>
    house({ [`${room}/a.ts`]: `import type { B } from './b.ts'`, [`${room}/b.ts`]: `import { a } from './a.ts'` })
  expect(types('lib/ledger')).toEqual([expect.stringContaining('in a circle: lib/ledger/a.ts')])
  expect(types('app')).toEqual([])
})
