// The measured side of the capacity model: unit costs, the curve that the model is held against, and what joins the workers of one machine best.
// `npm run bench -- --curve`, with `--units`, `--points` or `--workers` for a part of it.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Results } from '../figures.ts'
import { machine, versions } from '../machine.ts'
import { programs } from '../program.ts'
import { Redis } from '../redis.ts'
import { type CurveRun, measureCurve } from './curve-run.ts'
import type { MeasuredPoint } from './curve-point.ts'
import { type MeasuredUnits, measureUnits } from './unit-measurement.ts'
import { type MeasuredWorkers, measureWorkers } from './worker-choice.ts'

/** What a run leaves in `bench/curve/measured.json`, which is committed; a part that was not measured this time stays as it was. */
interface CurveResults {
  readonly measured: string
  readonly command: string
  readonly rounds: number
  readonly machine: Results['machine']
  readonly versions: Results['versions']
  readonly units?: MeasuredUnits
  readonly points?: readonly MeasuredPoint[]
  readonly workers?: readonly MeasuredWorkers[]
}

const FILE = fileURLToPath(new URL('../../curve/measured.json', import.meta.url))

async function main(argv: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      units: { type: 'boolean', default: false },
      points: { type: 'boolean', default: false },
      workers: { type: 'boolean', default: false },
      rounds: { type: 'string', default: '3' },
    },
  })
  const all = !values.units && !values.points && !values.workers
  const redis = await Redis.start()
  try {
    const run: CurveRun = {
      redis,
      rounds: Number(values.rounds),
      warmUpMs: 1_000,
      measureMs: 5_000,
      programOf: (nodes) => ({ ...oyez(), nodes }),
      say: (line) => console.log(line),
    }
    // Each part is written as soon as it is there.
    const leave = (part: Partial<CurveResults>): void => {
      const results: CurveResults = {
        ...before(),
        measured: new Date().toISOString().slice(0, 10),
        command: 'npm run bench -- --curve',
        rounds: run.rounds,
        machine: machine(),
        versions: versions(redis.version),
        ...part,
      }
      writeFileSync(FILE, `${JSON.stringify(results, undefined, 2)}\n`)
    }
    if (all || values.points) leave({ points: await measureCurve(run) })
    if (all || values.units) leave({ units: await measureUnits(run) })
    if (all || values.workers) leave({ workers: await measureWorkers(run) })
    console.log(`wrote ${FILE}`)
  } finally {
    await redis.close()
  }
}

function oyez() {
  const program = programs.find(({ name }) => name === 'oyez')
  if (program === undefined) throw new Error('oyez is not among the programs')
  return program
}

function before(): Partial<CurveResults> {
  try {
    return JSON.parse(readFileSync(FILE, 'utf8')) as CurveResults
  } catch {
    return {}
  }
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
