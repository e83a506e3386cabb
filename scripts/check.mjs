// @ts-check
import { checkSteps, runSteps } from './check-steps.mjs'
import { seconds } from './command.mjs'
import { ensurePackages, runMain } from './setup.mjs'
import { runVitest } from './vitest-run.mjs'

await runMain(async () => {
  await ensurePackages()
  const started = performance.now()
  const steps = await runSteps(checkSteps())
  const tests = await runVitest(['--project', 'unit'])
  const failed = steps.failed + tests.failed
  const time = seconds(performance.now() - started)
  console.log(failed === 0 ? `check: all is well (${time})` : `check: ${failed} failed (${time})`)
  if (failed > 0) process.exitCode = 1
})
