import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { canReach, chooseIdentity, launchAs } from '#scripts/postgres/identity.ts'

const isRoot = process.getuid?.() === 0
const nobody = { uid: 65_534, gid: 65_534 }
const closed = mkdtempSync(path.join(tmpdir(), 'ub-closed-'))
const program = path.join(closed, 'test')
copyFileSync('/usr/bin/test', program)
chmodSync(program, 0o755)

afterAll(() => rmSync(closed, { recursive: true, force: true }))

test('an ordinary user runs PostgreSQL in person', () => {
  expect(launchAs(undefined, program, ['-x', program], [program])).toEqual({ command: program, args: ['-x', program] })
})

describe.runIf(isRoot)('as root', () => {
  test('PostgreSQL runs as whoever owns the folder, or as nobody', () => {
    expect(chooseIdentity([closed])).toEqual(nobody)
    expect(chooseIdentity([path.join(closed, 'missing'), '/'])).toEqual(nobody)
  })

  test('a place that everybody may enter needs no capability', () => {
    expect(canReach('/usr/bin/test', nobody)).toBe(true)
    expect(launchAs(nobody, '/usr/bin/test', [], ['/usr/bin/test'])).toEqual({
      command: '/usr/bin/test',
      args: [],
      ...nobody,
    })
  })

  test('a program in a closed folder runs, sees itself as runnable, and is not root', () => {
    expect(canReach(program, nobody)).toBe(false)
    const own = launchAs(nobody, program, ['-x', program], [program])
    expect(spawnSync(own.command, own.args).status).toBe(0)
    const status = launchAs(nobody, '/bin/cat', ['/proc/self/status'], [program])
    const { stdout } = spawnSync(status.command, status.args, { encoding: 'utf8' })
    expect(stdout).toMatch(/^Uid:\s+65534\s+65534\s+65534\s+65534$/m)
    expect(stdout).toMatch(/^CapEff:\s+0{15}2$/m)
  })
})
