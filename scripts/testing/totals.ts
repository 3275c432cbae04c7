/** How the tests of one step, or of all, went. */
export type Totals = { passed: number; failed: number; skipped: number }

export const NO_TESTS: Totals = { passed: 0, failed: 0, skipped: 0 }

export function addTotals(a: Totals, b: Totals): Totals {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped }
}

/** The last line of a test run. */
export function formatTotals({ passed, failed, skipped }: Totals): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}

/** A step that failed although no test of it did (it crashed, found nothing, could not report) is one failure. */
export function judge(totals: Totals, exitCode: number): Totals {
  return exitCode !== 0 && totals.failed === 0 ? { ...totals, failed: 1 } : totals
}

/** Reads what scripts/check.ts prints: a line `ok name` or `FAIL name` for each check. */
export function readCheckOutput(output: string): Totals {
  const count = (pattern: RegExp) => output.match(pattern)?.length ?? 0
  return { passed: count(/^ok \S/gm), failed: count(/^FAIL \S/gm), skipped: 0 }
}

type VitestReport = {
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  numTodoTests: number
  testResults: { status: string; assertionResults: unknown[] }[]
}

/** Reads vitest's JSON report; a file that failed to load counts as one failure. */
export function readVitestReport(report: VitestReport): Totals {
  const unloaded = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0)
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + unloaded.length,
    skipped: report.numPendingTests + report.numTodoTests,
  }
}

type PlaywrightReport = {
  stats: { expected: number; unexpected: number; flaky: number; skipped: number }
  errors: unknown[]
}

/** Reads Playwright's JSON report; a story that passed only at a second try counts as failed. */
export function readPlaywrightReport({ stats, errors }: PlaywrightReport): Totals {
  return { passed: stats.expected, failed: stats.unexpected + stats.flaky + errors.length, skipped: stats.skipped }
}
