import { expect, test } from 'vitest'
import {
  addTotals,
  formatTotals,
  judge,
  NO_TESTS,
  readCheckOutput,
  readPlaywrightReport,
  readVitestReport,
} from '#scripts/testing/totals.ts'

test('the last line names skipped tests only when there are any', () => {
  expect(formatTotals({ passed: 12, failed: 0, skipped: 0 })).toBe('12 passed, 0 failed')
  expect(formatTotals(addTotals({ passed: 1, failed: 2, skipped: 3 }, { passed: 10, failed: 0, skipped: 1 }))).toBe(
    '11 passed, 2 failed, 4 skipped',
  )
})

test('a step that crashes without a failed test is a failure', () => {
  expect(judge({ passed: 5, failed: 0, skipped: 0 }, 1).failed).toBe(1)
  expect(judge(NO_TESTS, 130).failed).toBe(1)
  expect(judge({ passed: 5, failed: 2, skipped: 0 }, 1).failed).toBe(2)
  expect(judge({ passed: 5, failed: 0, skipped: 0 }, 0).failed).toBe(0)
})

test('each check is a test, and what a failed one quotes is none', () => {
  const output =
    'ok format\nFAIL types\n  ok this is quoted\n  FAIL and this\nok boundaries\ncheck: 2 passed, 1 failed\n'
  expect(readCheckOutput(output)).toEqual({ passed: 2, failed: 1, skipped: 0 })
})

test('a test file that does not load is a failure', () => {
  const testResults = [
    { status: 'failed', assertionResults: [] },
    { status: 'failed', assertionResults: [{}] },
    { status: 'passed', assertionResults: [] },
  ]
  const report = { numPassedTests: 7, numFailedTests: 1, numPendingTests: 2, numTodoTests: 1, testResults }
  expect(readVitestReport(report)).toEqual({ passed: 7, failed: 2, skipped: 3 })
})

test('a flaky story is a failed one', () => {
  const stats = { expected: 9, unexpected: 1, flaky: 1, skipped: 2 }
  expect(readPlaywrightReport({ stats, errors: [{}] })).toEqual({ passed: 9, failed: 3, skipped: 2 })
})
