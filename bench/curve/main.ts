// The measured side of the capacity model: unit costs, the curve that the model is held against, and what joins the workers of one machine best.
// `npm run bench -- --curve`.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Results } from '../figures.ts'
import { machine, versions } from '../machine.ts'
import { type Program, programs } from '../program.ts'
import { Redis } from '../redis.ts'
import { type CurveRun, measureCurve } from './curve-run.ts'
import type { MeasuredPoint } from './curve-point.ts'
import { medians } from './rounds.ts'
import {
  type ConnectionUnits,
  measureConnections,
  measurePublications,
  type PublicationUnits,
} from './unit-measurement.ts'
import { measureWorkers, type WorkerCosts, type WorkerJoint } from './worker-choice.ts'

/** What a run leaves in `bench/curve/measured.json`, which is committed; a part that was not measured this time stays as it was. */
interface CurveResults {
  readonly measured: string
  readonly rounds: number
  readonly machine: Results['machine']
  readonly versions: Results['versions']
  readonly units?: PublicationUnits & ConnectionUnits
  readonly points?: readonly MeasuredPoint[]
  readonly workers?: readonly (WorkerCosts & { readonly bus: WorkerJoint })[]
}

const FILE = fileURLToPath(new URL('../../curve/measured.json', import.meta.url))

/** Points and unit costs in every round, so that what the machine does meanwhile harms both alike. */
async function measurePublishing(
  run: CurveRun,
  rounds: number,
): Promise<Required<Pick<CurveResults, 'units' | 'points'>>> {
  const points: MeasuredPoint[][] = []
  const units: PublicationUnits[] = []
  for (let round = 1; round <= rounds; round++) {
    run.say(`round ${round}`)
    units.push(await measurePublications(run))
    points.push(await measureCurve(run))
  }
  return {
    units: { ...medians(units), ...(await measureConnections(run)) },
    points: (points[0] ?? []).map((_, index) => medians(points.map((round) => round[index] as MeasuredPoint))),
  }
}

async function measureChoice(run: CurveRun, rounds: number): Promise<Required<Pick<CurveResults, 'workers'>>> {
  const taken: Record<WorkerJoint, WorkerCosts[]> = { worker: [], redis: [] }
  for (let round = 1; round <= rounds; round++) {
    for (const joint of ['worker', 'redis'] as const) taken[joint].push(await measureWorkers(run, joint))
  }
  return { workers: (['worker', 'redis'] as const).map((bus) => ({ bus, ...medians(taken[bus]) })) }
}

async function main(argv: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...argv],
    options: { only: { type: 'string' }, rounds: { type: 'string', default: '3' } },
  })
  const rounds = Number(values.rounds)
  const redis = await Redis.start()
  const run: CurveRun = {
    redis,
    warmUpMs: 1_000,
    measureMs: 5_000,
    programOf: (nodes) => ({ ...oyez(), nodes }),
    say: (line) => console.log(line),
  }
  // Each part is written as soon as it is there.
  const leave = (part: Partial<CurveResults>): void => {
    const measured = new Date().toISOString().slice(0, 10)
    const results = { ...before(), measured, rounds, machine: machine(), versions: versions(redis.version), ...part }
    writeFileSync(FILE, `${JSON.stringify(results, undefined, 2)}\n`)
    console.log(`wrote ${FILE}`)
  }
  try {
    if (values.only !== 'workers') leave(await measurePublishing(run, rounds))
    if (values.only !== 'publishing') leave(await measureChoice(run, rounds))
  } finally {
    await redis.close()
  }
}

function oyez(): Program {
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
