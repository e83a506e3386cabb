import { describe, expect, test } from 'vitest'
import { tally } from '../vitest-run.mjs'

const empty = { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: [] }

describe('the count at the end of npm test', () => {
  test('is what vitest counted', () => {
    const report = { ...empty, numPassedTests: 7, numFailedTests: 2, numPendingTests: 1, numTodoTests: 1 }
    expect(tally(report, 1)).toEqual({ passed: 7, failed: 2, skipped: 2 })
  })

  test('has a failure for a file that could not be loaded', () => {
    const report = { ...empty, numPassedTests: 7, testResults: [{ status: 'failed', assertionResults: [] }] }
    expect(tally(report, 1)).toEqual({ passed: 7, failed: 1, skipped: 0 })
  })

  test('has a failure when vitest ended badly although every test passed', () => {
    expect(tally({ ...empty, numPassedTests: 7 }, 1).failed).toBe(1)
  })

  test('has a failure when there is no report at all', () => {
    expect(tally(undefined, 0).failed).toBe(1)
  })
})
