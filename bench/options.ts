import { parseArgs } from 'node:util'
import { programs } from './program.ts'
import { scenarios } from './scenario.ts'

export interface BenchOptions {
  readonly quick: boolean
  readonly markdown: boolean
  readonly programs: readonly string[]
  readonly scenarios: readonly string[]
  /** Names of cases; empty means all. */
  readonly cases: readonly string[]
  readonly rounds: number
  readonly warmUpMs: number
  readonly measureMs: number
  /** Connections in the scenario `idle`. */
  readonly idleConnections: number
  readonly profileFolder: string | undefined
  readonly resultFile: string | undefined
}

export const USAGE = `npm run bench -- [options]
  --quick              short: about four minutes, without variants
  --markdown           write BENCHMARKS.md at the root
  --only A,B           programs: ${programs.map(({ name }) => name).join(', ')}
  --scenario A,B       scenarios: ${scenarios.map(({ name }) => name).join(', ')}
  --case A,B           cases: ${scenarios.flatMap(({ cases }) => cases.map(({ name }) => name)).join(', ')}
  --rounds N           how often the programs take turns (quick 2, else 3)
  --seconds N          measured in each case (quick 4, else 10)
  --profile FOLDER     the nodes write CPU profiles there
  --result FILE        write the results there instead of bench/results/latest.json`

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
    scenarios: names(
      '--scenario',
      values.scenario,
      scenarios.map(({ name }) => name),
    ),
    cases: names('--case', values.case, caseNames),
    rounds: count('--rounds', values.rounds, quick ? 2 : 3),
    warmUpMs: quick ? 1_000 : 2_000,
    measureMs: 1_000 * count('--seconds', values.seconds, quick ? 4 : 10),
    idleConnections: quick ? 2_000 : 10_000,
    profileFolder: values.profile,
    resultFile: values.result,
  }
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
