import { Random } from '../random.ts'
import { FakeClock } from './fake-clock.ts'
import { plant } from './plant.ts'
import { readSimulationOptions } from './simulation-options.ts'
import { runInParallel } from './simulation-report.ts'
import type { Outcome, Product } from './world.ts'

// `npm run lab:simulation -- --seeds N --from S`: lives through N worlds; ends with code 1 when one of them is not as promised.

const options = readSimulationOptions(process.argv.slice(2))

if (options.isChild || options.seeds === 1) {
  const clock = new FakeClock()
  // Drawn from the seed of the world that lives now.
  let chance = new Random(0)
  clock.install(() => chance.next())
  const product: Product = { oyez: await import('oyez'), client: await import('oyez/client') }
  if (options.plant !== undefined) await plant(options.plant)
  const { World } = await import('./world.ts')
  for (let seed = options.from; seed < options.from + options.seeds * options.step; seed += options.step) {
    clock.reset()
    chance = Random.branch(seed, 0)
    const outcome: Outcome = await new World(clock, product, { seed, isFull: options.seeds === 1 }).live()
    if (process.send === undefined) {
      for (const line of outcome.lines) console.log(line)
      for (const problem of outcome.problems) console.log(`PROBLEM ${problem}`)
      if (outcome.untold.length > 0) console.log(`lost without a word: ${outcome.untold.join(' ')}`)
      console.log(
        `seed ${seed}: ${outcome.problems.length} problems, ${outcome.events} events, ${outcome.deliveries} deliveries, ${outcome.breaks} breaks`,
      )
      if (outcome.problems.length > 0) process.exitCode = 1
    } else {
      const isWell = outcome.problems.length === 0
      process.send(isWell ? { ...outcome, lines: [] } : { ...outcome, lines: outcome.lines.slice(-60) })
    }
  }
  process.disconnect?.()
} else {
  process.exitCode = await runInParallel(options)
}
