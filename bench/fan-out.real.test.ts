import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import type { Results } from './figures.ts'
import { summarize } from './summary.ts'

const COMMAND = fileURLToPath(new URL('../scripts/bench.mjs', import.meta.url))
const ARGUMENTS = '--quick --only oyez,socketio --scenario fan-out --case window-16 --rounds 1 --seconds 3'.split(' ')
/** What the project promises. What it reaches is about twice that, so that a busy machine does not turn the test red. */
const FLOOR = 3

/** Compares two programs within one run: no absolute speed. @returns How many times less CPU a delivery costs with oyez. */
async function timesCheaperThanSocketIo(): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'oyez-bench-'))
  try {
    const file = join(folder, 'result.json')
    await promisify(execFile)(process.execPath, [COMMAND, ...ARGUMENTS, '--result', file]).catch(
      (error: Error & { readonly stdout: string; readonly stderr: string }) => {
        throw new Error(`the benchmark failed:\n${error.stdout}${error.stderr}`)
      },
    )
    const results = JSON.parse(await readFile(file, 'utf8')) as Results
    const row = summarize(results, 'fan-out', 'window-16').find(({ program }) => program === 'oyez')
    return row?.timesCheaper ?? Number.NaN
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

it('fan-out to 1,000 subscribers on two nodes costs at most a third of what it costs with Socket.IO', {
  retry: 1,
}, async () => {
  expect(await timesCheaperThanSocketIo()).toBeGreaterThanOrEqual(FLOOR)
})
