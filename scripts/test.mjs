// @ts-check
import { build } from './build.mjs'
import { checkSteps, runSteps } from './check-steps.mjs'
import { ensurePackages, ensurePrograms, runMain } from './setup.mjs'
import { runVitest } from './vitest-run.mjs'

await runMain(async () => {
  await ensurePackages()
  await ensurePrograms()
  await build()
  console.log('\nChecks')
  const steps = await runSteps(checkSteps())
  const filters = process.argv.slice(2)
  console.log('\nTests without foreign programs')
  const unit = await runVitest(['--project', 'unit', '--passWithNoTests', ...filters])
  console.log('\nTests with real Redis, nginx, HAProxy, Chromium and nodes; one file after the other')
  const real = await runVitest(['--project', 'real', '--passWithNoTests', ...filters])
  const passed = steps.passed + unit.passed + real.passed
  const failed = steps.failed + unit.failed + real.failed
  const skipped = unit.skipped + real.skipped
  if (failed > 0) process.exitCode = 1
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
})
