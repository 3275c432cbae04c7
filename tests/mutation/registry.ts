export { expect, inject, vi } from 'vitest'

// Stands in for vitest in the test files that judge mutants: it keeps what they describe, so that one process that has
// loaded them can run them again and again, up to the first failure.

type Work = (...args: unknown[]) => unknown
type Hooks = { beforeAll: Work[]; afterAll: Work[]; beforeEach: Work[]; afterEach: Work[] }
type Test = { name: string; work: () => unknown; timeoutMs: number }

/** A file or a `describe` with all that is in it. */
export type Suite = { name: string; hooks: Hooks; children: (Suite | Test)[] }

/** What failed first. */
export type Failure = { test: string; reason: string }

let current: Suite = emptySuite('outside of files')

/** Loads a test file. @returns what it describes */
export async function record(name: string, load: () => Promise<unknown>): Promise<Suite> {
  const suite = emptySuite(name)
  current = suite
  await load()
  return suite
}

/** Runs a suite up to its first failure; what `afterAll` clears away is cleared away in any case. */
export async function runSuite(suite: Suite, path: readonly Suite[] = []): Promise<Failure | null> {
  const name = [...path.slice(1), suite].map((part) => part.name).join(' › ')
  let failure: Failure | null = null
  try {
    for (const hook of suite.hooks.beforeAll) await inTime(hook, HOOK_MS)
  } catch (error) {
    failure = { test: name, reason: reasonOf(error) }
  }
  for (const child of suite.children) {
    if (failure) break
    failure = 'work' in child ? await runTest(child, [...path, suite]) : await runSuite(child, [...path, suite])
  }
  for (const hook of suite.hooks.afterAll) {
    // A test that failed half-way may have left what cannot be cleared away.
    await inTime(hook, HOOK_MS).catch((error) => (failure ??= { test: name, reason: reasonOf(error) }))
  }
  return failure
}

async function runTest(test: Test, path: readonly Suite[]): Promise<Failure | null> {
  const failures: unknown[] = []
  try {
    for (const suite of path) for (const hook of suite.hooks.beforeEach) await inTime(hook, HOOK_MS)
    await inTime(test.work, Math.min(test.timeoutMs, TEST_MS))
  } catch (error) {
    failures.push(error)
  }
  for (const suite of path.toReversed()) {
    for (const hook of suite.hooks.afterEach) await inTime(hook, HOOK_MS).catch((error) => failures.push(error))
  }
  if (failures.length === 0) return null
  const names = [...path.slice(1).map(({ name }) => name), test.name]
  return { test: names.join(' › '), reason: reasonOf(failures[0]) }
}

function inTime(work: Work, limitMs: number): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${limitMs} ms`)), limitMs)
  })
  return Promise.race([(async () => work())(), late]).finally(() => clearTimeout(timer))
}

const HOOK_MS = 20_000
const TEST_MS = 60_000

function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0]!
}

function emptySuite(name: string): Suite {
  return { name, hooks: { beforeAll: [], afterAll: [], beforeEach: [], afterEach: [] }, children: [] }
}

const hook = (kind: keyof Hooks) => (work: Work) => void current.hooks[kind].push(work)
export const beforeAll = hook('beforeAll')
export const afterAll = hook('afterAll')
export const beforeEach = hook('beforeEach')
export const afterEach = hook('afterEach')

function addTest(name: string, work: Work, timeoutMs = Number.POSITIVE_INFINITY): void {
  current.children.push({ name, work: () => work(), timeoutMs })
}

function addSuite(name: string, describeIt: Work): void {
  const around = current
  const suite = emptySuite(name)
  around.children.push(suite)
  current = suite
  describeIt()
  current = around
}

/** `each` of vitest: one test or suite for each row, its arguments in the name where the name asks for them. */
const each =
  (add: (name: string, work: Work, timeoutMs?: number) => void) =>
  (rows: readonly unknown[]) =>
  (name: string, work: Work, timeoutMs?: number) => {
    for (const row of rows) {
      const args = Array.isArray(row) ? (row as unknown[]) : [row]
      let next = 0
      const title = name.replace(/%[sdijo]/g, () => String(args[next++]).slice(0, 60))
      add(title, () => work(...args), timeoutMs)
    }
  }

export const it = Object.assign(addTest, { each: each(addTest) })
/** @alias of it, as in vitest */
export const test = it
export const describe = Object.assign(addSuite, { each: each(addSuite) })
