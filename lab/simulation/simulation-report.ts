import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { SimulationOptions } from './simulation-options.ts'
import type { Outcome } from './world.ts'

/** Failing worlds that are printed; of more, only the number. */
const MOST_SHOWN = 3

/** Lives through the worlds in several processes and prints what came of it. @returns The exit code. */
export async function runInParallel(options: SimulationOptions): Promise<number> {
  const started = performance.now()
  const seconds = (): number => (performance.now() - started) / 1_000
  const total = { worlds: 0, failed: 0, events: 0, deliveries: 0, breaks: 0, ackedLost: 0, untold: 0 }
  let shown = 0
  const hear = (outcome: Outcome): void => {
    total.worlds += 1
    total.events += outcome.events
    total.deliveries += outcome.deliveries
    total.breaks += outcome.breaks
    total.ackedLost += outcome.ackedLost
    total.untold += outcome.untold.length
    if (outcome.problems.length > 0) {
      total.failed += 1
      if (total.failed <= MOST_SHOWN) show(outcome)
    }
    if (seconds() - shown < 5) return
    shown = seconds()
    console.log(`  ${seconds().toFixed(0)} s: ${total.worlds} worlds, ${total.failed} failed`)
  }
  const crashed = await Promise.all(
    Array.from({ length: options.processes }, (_, index) =>
      runChild(options, index, (outcome) => (hear(outcome), total.failed > 0)),
    ),
  )
  const rate = (total.worlds / seconds()).toFixed(0)
  console.log(
    `${total.worlds} worlds, ${total.failed} failed; ${total.events} events, ${total.deliveries} deliveries checked, ${total.breaks} breaks${total.failed > 0 ? '' : ', all justified'}; ` +
      `${total.ackedLost} acknowledged messages lost by the logs, ${total.untold} of them without a word to a client; ${seconds().toFixed(0)} s, ${rate} worlds a second`,
  )
  return total.failed > 0 || crashed.some(Boolean) ? 1 : 0
}

/** @returns Whether the process ended other than it should. */
function runChild(options: SimulationOptions, index: number, hear: (outcome: Outcome) => boolean): Promise<boolean> {
  const { seeds, from, processes, plant, isUntilFound } = options
  const share = Math.floor(seeds / processes) + (index < seeds % processes ? 1 : 0)
  if (share === 0) return Promise.resolve(false)
  const args = ['--child', '--seeds', String(share), '--from', String(from + index), '--step', String(processes)]
  if (plant !== undefined) args.push('--plant', plant)
  return new Promise((resolve) => {
    const child = fork(fileURLToPath(new URL('main.js', import.meta.url)), args)
    let isStopped = false
    child.on('message', (outcome) => {
      if (isStopped || !hear(outcome as Outcome) || !isUntilFound) return
      isStopped = true
      child.kill()
    })
    child.on('exit', (code) => resolve(!isStopped && code !== 0))
  })
}

function show({ seed, problems, lines }: Outcome): void {
  console.log(
    `\nworld ${seed} is not as promised; alone, with all its events: npm run lab:simulation -- --seeds 1 --from ${seed}`,
  )
  for (const line of lines) console.log(line)
  for (const problem of problems) console.log(`PROBLEM ${problem}`)
  console.log('')
}
