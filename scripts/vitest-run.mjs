// @ts-check
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bin, run } from './command.mjs'

/** @typedef {import('./check-steps.mjs').Tally} Tally */

/**
 * @typedef {object} Report the part of vitest's JSON report that is counted
 * @property {number} numPassedTests
 * @property {number} numFailedTests
 * @property {number} numPendingTests
 * @property {number} numTodoTests
 * @property {{ status: string, assertionResults: unknown[] }[]} testResults one for each test file
 */

/**
 * Runs vitest on the screen and counts its tests.
 * @param {string[]} args
 * @returns {Promise<Tally>}
 */
export async function runVitest(args) {
  const folder = mkdtempSync(join(tmpdir(), 'oyez-vitest-'))
  const reportPath = join(folder, 'report.json')
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${reportPath}`]
    const { code } = await run([bin('vitest'), 'run', ...args, ...reporters], { show: true })
    return tally(readReport(reportPath), code)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** @param {string} path @returns {Report | undefined} */
function readReport(path) {
  try {
    return /** @type {Report} */ (JSON.parse(readFileSync(path, 'utf8')))
  } catch {
    return undefined
  }
}

/**
 * A test file that could not be loaded counts as one failure; so does a run that ended badly for any other reason, such as
 * an error outside every test.
 * @param {Report | undefined} report
 * @param {number} code exit code of vitest
 * @returns {Tally}
 */
export function tally(report, code) {
  if (!report) return { passed: 0, failed: 1, skipped: 0 }
  const unloaded = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0)
  const failed = report.numFailedTests + unloaded.length
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && code !== 0 ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
  }
}
