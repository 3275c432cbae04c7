import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { hashSources, isBuilt } from '#scripts/next-build.ts'

const roots: string[] = []

afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true })
})

function makeRoot(files: Record<string, string>): string {
  const root = mkdtempSync(path.join(tmpdir(), 'ub-build-'))
  roots.push(root)
  for (const [name, text] of Object.entries(files)) write(root, name, text)
  return root
}

function write(root: string, name: string, text: string): void {
  mkdirSync(path.dirname(path.join(root, name)), { recursive: true })
  writeFileSync(path.join(root, name), text)
}

const files = { 'app/page.tsx': 'one', 'lib/a.ts': 'a', 'package-lock.json': '{}', 'next.config.mjs': '' }

test.each([
  ['app/page.tsx', 'two'],
  ['app/api/new/route.ts', 'x'],
  ['lib/i18n/messages/en/chat.json', '{}'],
  ['public/logo.svg', '<svg/>'],
  ['next.config.mjs', 'export default {}'],
  ['proxy.ts', 'x'],
  ['package-lock.json', '{"a":1}'],
])('a change of %s makes a build stale', (name, text) => {
  const root = makeRoot(files)
  const before = hashSources(root)
  write(root, name, text)
  expect(hashSources(root)).not.toBe(before)
})

test.each(['lib/a.test.ts', 'app/page.test.tsx', 'docs/a.md', 'scripts/x.ts', 'README.md'])(
  'a change of %s does not',
  (name) => {
    const root = makeRoot(files)
    const before = hashSources(root)
    write(root, name, 'changed')
    expect(hashSources(root)).toBe(before)
  },
)

test('a file that moves or ends where another begins is noticed', () => {
  const one = makeRoot({ 'lib/a.ts': 'xy', 'lib/b.ts': '' })
  const two = makeRoot({ 'lib/a.ts': 'x', 'lib/b.ts': 'y' })
  const three = makeRoot({ 'lib/a.ts': 'xy', 'lib/c.ts': '' })
  expect(new Set([one, two, three].map(hashSources)).size).toBe(3)
})

test('only a build that was finished and fits the sources counts', () => {
  const root = makeRoot(files)
  expect(isBuilt(root)).toBe(false)
  write(root, '.next/BUILD_ID', 'x')
  expect(isBuilt(root)).toBe(false)
  write(root, '.next/built-from', hashSources(root))
  expect(isBuilt(root)).toBe(true)
  write(root, 'app/page.tsx', 'changed')
  expect(isBuilt(root)).toBe(false)
})
