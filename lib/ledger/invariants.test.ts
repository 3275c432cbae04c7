import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'

const ROOT = path.resolve(import.meta.dirname, '..', '..')
const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8')

const ROWS = read('lib/ledger/README.md')
  .split('\n')
  .map((line) => /^\| (I\d+) \| (.+) \| (.+) \|$/.exec(line))
  .flatMap((row) => (row ? [{ number: row[1]!, promise: row[2]!, shown: row[3]! }] : []))

/** `file` “test”, “test”; `file` “test” */
function testsIn(shown: string): { file: string; name: string }[] {
  return [...shown.matchAll(/`([^`]+)`((?:[,\s]*“[^”]+”)+)/g)].flatMap(([, file, names]) =>
    [...names!.matchAll(/“([^”]+)”/g)].map(([, name]) => ({ file: file!, name: name! })),
  )
}

describe('the table of invariants', () => {
  it('has a row for each', () => {
    expect(ROWS.map(({ number }) => number)).toEqual(Array.from({ length: 27 }, (_, index) => `I${index + 1}`))
  })

  it.each(ROWS)('$number names tests that exist, or says what it waits for', ({ shown }) => {
    const tests = testsIn(shown)
    if (tests.length === 0) expect(shown).toMatch(/^waits/)
    for (const { file, name } of tests)
      expect({ file, name, exists: read(file).includes(name) }).toMatchObject({ exists: true })
    // Nothing that looks like the name of a test is passed over.
    expect(shown.match(/“/g)?.length ?? 0).toBe(tests.length)
  })
})
