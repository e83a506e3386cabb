import { parseArgs } from 'node:util'
import { experiments } from './experiments/experiments.ts'
import { programs } from './program.ts'
import { scenarios } from './scenario.ts'

export interface BenchOptions {
  readonly quick: boolean
  readonly markdown: boolean
  readonly programs: readonly string[]
  /** Whether the programs were chosen by name. */
  readonly programsChosen: boolean
  readonly scenarios: readonly string[]
  readonly cases: readonly string[]
  /** Whether the cases were chosen by name. */
  readonly caseChosen: boolean
  readonly rounds: number
  readonly warmUpMs: number
  readonly measureMs: number
  /** Connections in the scenario `idle`. */
  readonly idleConnections: number
  readonly profileFolder: string | undefined
  readonly resultFile: string | undefined
  /** Results of an earlier run to show again, instead of a run. */
  readonly from: string | undefined
}

export const USAGE = `npm run bench -- [options]
  --quick              short: two to three minutes, without variants and long experiments
  --markdown           write BENCHMARKS.md at the root and its plots in docs/bench/
  --only A,B           programs: ${programs.map(({ name }) => name).join(', ')}
  --scenario A,B       scenarios: ${[...scenarios, ...experiments].map(({ name }) => name).join(', ')}
  --case A,B           cases: ${scenarios.flatMap(({ cases }) => cases.map(({ name }) => name)).join(', ')}
  --rounds N           how often the programs take turns (quick 1, else 3)
  --seconds N          measured in each case (quick 2, else 3)
  --profile FOLDER     the nodes write CPU profiles there
  --result FILE        write the results there instead of bench/results/latest.json
  --from FILE          no run: show the results of an earlier one, with --markdown write its page again`

/** @throws {TypeError} with one line for somebody who typed something wrong. */
export function readOptions(argv: readonly string[]): BenchOptions | 'help' {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      quick: { type: 'boolean', default: false },
      markdown: { type: 'boolean', default: false },
      only: { type: 'string' },
      scenario: { type: 'string' },
      case: { type: 'string' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      profile: { type: 'string' },
      result: { type: 'string' },
      from: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return 'help'
  const { quick } = values
  const caseNames = scenarios.flatMap(({ cases }) => cases.map(({ name }) => name))
  return {
    quick,
    markdown: values.markdown,
    programs: names(
      '--only',
      values.only,
      programs.map(({ name }) => name),
    ).filter((name) => values.only !== undefined || !quick || !isVariant(name)),
    programsChosen: values.only !== undefined,
    scenarios: chosenScenarios(values.scenario, values.case, quick),
    cases: names('--case', values.case, caseNames).filter(
      (name) => values.case !== undefined || !quick || !isExtra(name),
    ),
    caseChosen: values.case !== undefined,
    rounds: count('--rounds', values.rounds, quick ? 1 : 3),
    warmUpMs: quick ? 700 : 1_000,
    measureMs: 1_000 * count('--seconds', values.seconds, quick ? 2 : 3),
    idleConnections: quick ? 2_000 : 10_000,
    profileFolder: values.profile,
    resultFile: values.result,
    from: values.from,
  }
}

/** Scenarios and experiments: the ones named, else those of the cases named, else all. */
function chosenScenarios(given: string | undefined, cases: string | undefined, quick: boolean): readonly string[] {
  const all = [...scenarios, ...experiments].map(({ name }) => name)
  if (given !== undefined) return names('--scenario', given, all)
  if (cases !== undefined) {
    const wanted = cases.split(',')
    return scenarios.filter(({ cases }) => cases.some(({ name }) => wanted.includes(name))).map(({ name }) => name)
  }
  const long = experiments.filter(({ isLong }) => isLong).map(({ name }) => name)
  return quick ? all.filter((name) => !long.includes(name)) : all
}

function isExtra(name: string): boolean {
  return scenarios.some(({ cases }) => cases.some((one) => one.name === name && one.isExtra === true))
}

function isVariant(program: string): boolean {
  return programs.some(({ name, isVariant }) => name === program && isVariant === true)
}

function names(flag: string, given: string | undefined, known: readonly string[]): readonly string[] {
  const wanted = given?.split(',') ?? known
  for (const name of wanted) {
    if (!known.includes(name)) throw new TypeError(`${flag}: "${name}" is none of ${known.join(', ')}`)
  }
  return wanted
}

function count(flag: string, given: string | undefined, preset: number): number {
  const value = Number(given ?? preset)
  if (!Number.isSafeInteger(value) || value < 1)
    throw new TypeError(`${flag} must be a whole number from 1, not ${given}`)
  return value
}
