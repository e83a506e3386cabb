// @ts-check
import { build } from './build.mjs'
import { checkSteps, runSteps } from './check-steps.mjs'
import { ensurePackages, ensurePrograms, runMain } from './setup.mjs'
import { runVitest } from './vitest-run.mjs'

/** @typedef {import('./check-steps.mjs').Tally} Tally */

await runMain(async () => {
  await ensurePackages()
  await ensurePrograms()
  await build()
  console.log('\nChecks')
  const steps = await runSteps(checkSteps())
  console.log(
    '\nTests: the `unit` project first, then `real`, which starts Redis, nginx, HAProxy, Chromium and nodes of its own',
  )
  const tests = await runVitest(process.argv.slice(2))
  const passed = steps.passed + tests.passed
  const failed = steps.failed + tests.failed
  if (failed > 0) process.exitCode = 1
  console.log(`${passed} passed, ${failed} failed${tests.skipped > 0 ? `, ${tests.skipped} skipped` : ''}`)
})
