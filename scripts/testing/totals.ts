import path from 'node:path'
import { stripVTControlCharacters } from 'node:util'

/** How the tests of one step, or of all, went; `failures` names those that failed and says in a line why. */
export type Totals = { passed: number; failed: number; skipped: number; failures: readonly string[] }

export const NO_TESTS: Totals = { passed: 0, failed: 0, skipped: 0, failures: [] }

export function addTotals(a: Totals, b: Totals): Totals {
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
    failures: [...a.failures, ...b.failures],
  }
}

/** The end of a test run: what failed by name, because pages of output may lie between, and the counts in the last line. */
export function formatTotals({ passed, failed, skipped, failures }: Totals): string {
  const names = failures.map((failure) => `failed: ${failure}\n`).join('')
  return `${names}${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}

/** A step that failed although no test of it did (it crashed, found nothing, could not report) is one failure. */
export function judge(totals: Totals, exitCode: number): Totals {
  return exitCode !== 0 && totals.failed === 0 ? { ...totals, failed: 1 } : totals
}

/** Reads what scripts/check.ts prints: a line `ok name` or `FAIL name` for each check. */
export function readCheckOutput(output: string): Totals {
  const failures = Array.from(output.matchAll(/^FAIL (\S.*)/gm), ([, name]) => `check › ${name}`)
  return { passed: output.match(/^ok \S/gm)?.length ?? 0, failed: failures.length, skipped: 0, failures }
}

type VitestReport = {
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  numTodoTests: number
  testResults: {
    name: string
    status: string
    message?: string
    assertionResults: { status: string; fullName: string; failureMessages?: string[] | null }[]
  }[]
}

/** Reads vitest's JSON report; a file that failed to load counts as one failure. */
export function readVitestReport(report: VitestReport): Totals {
  const unloaded = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0)
  const failures = report.testResults.flatMap((file) =>
    file.assertionResults
      .filter(({ status }) => status === 'failed')
      .map((test) => failureLine([path.basename(file.name), test.fullName], test.failureMessages?.[0])),
  )
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + unloaded.length,
    skipped: report.numPendingTests + report.numTodoTests,
    failures: [...failures, ...unloaded.map((file) => failureLine([path.basename(file.name)], file.message))],
  }
}

type PlaywrightError = { message?: string }
type PlaywrightSuite = {
  specs?: {
    title: string
    file: string
    tests: { status: string; results: { error?: PlaywrightError }[] }[]
  }[]
  suites?: PlaywrightSuite[]
}
type PlaywrightReport = {
  stats: { expected: number; unexpected: number; flaky: number; skipped: number }
  errors: PlaywrightError[]
  suites: PlaywrightSuite[]
}

/** Reads Playwright's JSON report; a story that passed only at a second try counts as failed. */
export function readPlaywrightReport({ stats, errors, suites }: PlaywrightReport): Totals {
  const specsOf = (suite: PlaywrightSuite): NonNullable<PlaywrightSuite['specs']> => [
    ...(suite.specs ?? []),
    ...(suite.suites ?? []).flatMap(specsOf),
  ]
  const failures = suites
    .flatMap(specsOf)
    .flatMap(({ title, file, tests }) =>
      tests
        .filter(({ status }) => status === 'unexpected' || status === 'flaky')
        .map(({ results }) => failureLine([file, title], results.find(({ error }) => error)?.error?.message)),
    )
  return {
    passed: stats.expected,
    failed: stats.unexpected + stats.flaky + errors.length,
    skipped: stats.skipped,
    failures: [...failures, ...errors.map(({ message }) => failureLine(['end to end'], message))],
  }
}

function failureLine(names: string[], message: string | undefined): string {
  const [line = ''] = stripVTControlCharacters(message ?? '')
    .trim()
    .split('\n')
  return [...names, line.slice(0, 300)].filter(Boolean).join(' › ')
}
