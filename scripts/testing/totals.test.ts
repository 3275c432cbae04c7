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

const RUN = { ...NO_TESTS, passed: 5 }

test('the last line names skipped tests only when there are any', () => {
  expect(formatTotals({ ...NO_TESTS, passed: 12 })).toBe('12 passed, 0 failed')
  const sum = addTotals({ ...NO_TESTS, passed: 1, skipped: 3 }, { ...NO_TESTS, passed: 10, skipped: 1 })
  expect(formatTotals(sum)).toBe('11 passed, 0 failed, 4 skipped')
})

test('what failed in any step stands before the last line, by name', () => {
  const sum = addTotals({ ...RUN, failed: 1, failures: ['one'] }, { ...RUN, failed: 1, failures: ['two'] })
  expect(formatTotals(sum)).toBe('failed: one\nfailed: two\n10 passed, 2 failed')
})

test('a step that crashes without a failed test is a failure', () => {
  expect(judge(RUN, 1).failed).toBe(1)
  expect(judge(NO_TESTS, 130).failed).toBe(1)
  expect(judge({ ...RUN, failed: 2 }, 1).failed).toBe(2)
  expect(judge(RUN, 0).failed).toBe(0)
})

test('each check is a test, and what a failed one quotes is none', () => {
  const output =
    'ok format\nFAIL types\n  ok this is quoted\n  FAIL and this\nok boundaries\ncheck: 2 passed, 1 failed\n'
  expect(readCheckOutput(output)).toEqual({ passed: 2, failed: 1, skipped: 0, failures: ['check › types'] })
})

test('a test file that does not load is a failure', () => {
  const report = {
    numPassedTests: 7,
    numFailedTests: 1,
    numPendingTests: 2,
    numTodoTests: 1,
    testResults: [
      { name: '/app/lib/a.test.ts', status: 'failed', message: 'no such file\nat line 1', assertionResults: [] },
      {
        name: '/app/lib/b.test.ts',
        status: 'failed',
        assertionResults: [
          { status: 'passed', fullName: 'money is kept' },
          { status: 'failed', fullName: 'money is right', failureMessages: ['\u001b[31m1n\u001b[39m is not 2n\nat'] },
        ],
      },
    ],
  }
  expect(readVitestReport(report)).toEqual({
    passed: 7,
    failed: 2,
    skipped: 3,
    failures: ['b.test.ts › money is right › 1n is not 2n', 'a.test.ts › no such file'],
  })
})

test('a flaky story is a failed one', () => {
  const stats = { expected: 9, unexpected: 1, flaky: 1, skipped: 2 }
  const story = (title: string, status: string, message?: string) => ({
    title,
    file: 'chat.spec.ts',
    tests: [{ status, results: [{ ...(message ? { error: { message } } : {}) }] }],
  })
  const suites = [
    { specs: [story('says hello', 'expected'), story('says it again', 'flaky', 'too late\nCall log')] },
    { suites: [{ specs: [story('stops', 'unexpected')] }] },
  ]
  expect(readPlaywrightReport({ stats, suites, errors: [{ message: 'no browser' }] })).toEqual({
    passed: 9,
    failed: 3,
    skipped: 2,
    failures: ['chat.spec.ts › says it again › too late', 'chat.spec.ts › stops', 'end to end › no browser'],
  })
})
