import { Command, InvalidArgumentError } from 'commander'
import { type Progress, run } from './runner/run.ts'
import { report } from './report/delivery.ts'
import { saveResult } from './report/results.ts'
import { describe, summarize } from './report/summary.ts'
import { table } from './report/table.ts'
import type { Scenario } from './scenario/scenario.ts'
import { buildScenarios, mutantScenarios } from './scenario/build-scenarios.ts'
import { scenarios } from './scenario/scenarios.ts'

interface LabOptions {
  readonly scenario: string
  readonly seed: number
  readonly minutes: number
  readonly mutant?: string
  readonly list?: boolean
  readonly report?: boolean
  readonly keep?: boolean
}

const number = (text: string): number => {
  const value = Number(text)
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError('a number above 0 is needed')
  return value
}

const program = new Command('npm run lab --')
  .description('Starts real processes, makes real things go wrong, and checks every delivery.')
  .option(
    '--scenario <name>',
    'what goes wrong; "all" for one after the other, several with commas between them',
    'node-kill',
  )
  .option('--seed <n>', 'the same seed gives the same plan of faults', number, 1)
  .option('--minutes <m>', 'how long faults go on, for each scenario', number, 1)
  .option('--mutant <name>', 'plants a fault in the nodes; the run must turn red')
  .option('--keep', 'keeps the journals of a green run too')
  .option('--list', 'prints the scenarios')
  .option('--report', 'writes the figures of all runs so far into DELIVERY.md')
  .parse()

const options = program.opts<LabOptions>()
const known = [...scenarios, ...buildScenarios, ...mutantScenarios]
if (options.list === true) console.log(table(known.map(({ name, summary }) => [name, summary])))
else if (options.report === true) console.log(report())
// A run that could not be carried through may have left a proxy or a timer.
else process.exit((await runAll(chosen(options.scenario))) ? 0 : 1)

function chosen(names: string): readonly Scenario[] {
  if (names === 'all') return scenarios
  return names.split(',').map((name) => {
    const scenario = known.find((one) => one.name === name)
    if (scenario === undefined) program.error(`there is no scenario ${name}: see --list`)
    return scenario as Scenario
  })
}

async function runAll(all: readonly Scenario[]): Promise<boolean> {
  const { seed, minutes, mutant, keep = false } = options
  const rows: (string | number)[][] = [['scenario', 'seed', 'result', 'rounds', 'deliveries', 'breaks', 'violations']]
  let green = true
  for (const scenario of all) {
    const setup = mutant === undefined ? {} : { mutant }
    const result = await run(scenario, { seed, minutes, setup, keep, onProgress: showProgress })
    endProgress()
    const summary = summarize(result, mutant)
    saveResult(summary)
    console.log(`${describe(summary)}\n${summary.green ? '' : `journals: ${result.directory}\n`}`)
    green &&= summary.green
    const sum = (record: Readonly<Record<string, number>>): number => Object.values(record).reduce((a, b) => a + b, 0)
    const word = summary.green ? 'green' : 'RED'
    rows.push([
      scenario.name,
      seed,
      word,
      summary.rounds,
      summary.deliveries,
      sum(summary.breaks),
      sum(summary.findings),
    ])
  }
  console.log(table(rows))
  return green
}

function showProgress({ phase, round, step, delivered, acked, elapsedMs }: Progress): void {
  const text = `${Math.round(elapsedMs / 1_000)} s  ${phase}  round ${round} ${step?.fault ?? ''}  acknowledged ${acked}, delivered ${delivered}`
  if (process.stdout.isTTY) process.stdout.write(`\r\x1b[K${text}`)
  else if (Math.round(elapsedMs / 1_000) % 10 === 0) console.log(text)
}

function endProgress(): void {
  if (process.stdout.isTTY) process.stdout.write('\r\x1b[K')
}
