import { experiments } from './experiments/experiments.ts'
import type { ExperimentResult, Measurement, MemoryMeasurement, Results } from './figures.ts'
import type { BenchOptions } from './options.ts'
import { labelOf, type Program, programs } from './program.ts'
import type { Redis } from './redis.ts'
import { type Case, type Scenario, scenarios } from './scenario.ts'
import { Session } from './session.ts'

export type SuiteResults = Pick<Results, 'measurements' | 'memory' | 'experiments' | 'skipped' | 'failures'>

/** Lets the programs take turns, A B C A B C, so that what the machine does meanwhile harms all alike. */
export async function runSuite(
  options: BenchOptions,
  redis: Redis,
  say: (line: string) => void,
): Promise<SuiteResults> {
  const measurements: Measurement[] = []
  const memory: MemoryMeasurement[] = []
  const experimentResults: ExperimentResult[] = []
  const failures: Results['failures'][number][] = []

  const skipped = programs.flatMap(({ name, missing }) =>
    missing !== undefined && options.programs.includes(name) ? [{ program: name, reason: missing }] : [],
  )
  for (const { program, reason } of skipped) say(`NOT MEASURED: ${labelOf(program)}: ${reason}`)

  const takeTurn = async (program: Program, scenario: Scenario, round: number): Promise<void> => {
    const { kind, connections } = scenario
    const names = { program: program.name, scenario: scenario.name, round }
    const note = (text: string): void => say(`  round ${round}  ${program.name.padEnd(16)} ${text}`)
    const session = await Session.open({ program, redis, kind, connections, profileFolder: options.profileFolder })
    try {
      const { bytesPerConnection } = session
      memory.push({ ...names, connections, bytesPerConnection })
      note(`${whole(connections)} connected, ${(bytesPerConnection / 1_024).toFixed(1)} KB each`)
      for (const { name, pace } of casesOf(scenario, { program, round, options })) {
        const figures = await session.measure(pace, options)
        measurements.push({ ...names, case: name, figures })
        const { deliveriesPerSecond, nodesCpuUs, redisCpuUs } = figures
        note(
          `${name.padEnd(10)} ${whole(deliveriesPerSecond).padStart(9)}/s   CPU per delivery: ` +
            `nodes ${nodesCpuUs.toFixed(2)} µs, Redis ${redisCpuUs.toFixed(2)} µs`,
        )
      }
    } finally {
      await session.close()
    }
  }

  for (const scenario of chosenScenarios(options)) {
    say(`\n${scenario.name}: ${scenario.label}`)
    const rounds = Math.min(options.rounds, scenario.maxRounds ?? Number.POSITIVE_INFINITY)
    for (let round = 1; round <= rounds; round++) {
      for (const program of chosenPrograms(options, scenario)) {
        // A variant says its part in the rounds before the last one: the whole run must not take too long.
        if (program.isVariant && round > 1 && round === rounds && !options.programsChosen) continue
        try {
          await takeTurn(program, scenario, round)
        } catch (error) {
          const problem = messageOf(error)
          say(`  round ${round}  ${program.name.padEnd(16)} FAILED: ${problem}`)
          failures.push({ program: program.name, scenario: scenario.name, problem })
        }
      }
    }
  }
  for (const experiment of experiments.filter(({ name }) => options.scenarios.includes(name))) {
    say(`\n${experiment.name}: ${experiment.label}`)
    const fail = (program: string, problem: string): void => {
      say(`  ${program.padEnd(18)} FAILED: ${problem}`)
      failures.push({ program, scenario: experiment.name, problem })
    }
    try {
      experimentResults.push(await experiment.run({ ...options, programs: chosenPrograms(options), redis, say, fail }))
    } catch (error) {
      fail('all', messageOf(error))
    }
  }
  return { measurements, memory, experiments: experimentResults, skipped, failures }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** The programs asked for that can run here; without a scenario those that an experiment may choose from. */
function chosenPrograms(options: BenchOptions, scenario?: Scenario): Program[] {
  return programs.filter(
    ({ name, missing, scenarios: only }) =>
      missing === undefined &&
      options.programs.includes(name) &&
      (scenario === undefined || only === undefined || only.includes(scenario.name)),
  )
}

/** The cases of one turn: extra ones are left out for a variant and after the first round, unless cases were asked for. */
function casesOf(
  { cases }: Scenario,
  turn: { readonly program: Program; readonly round: number; readonly options: BenchOptions },
): readonly Case[] {
  const { program, round, options } = turn
  return cases.filter(({ isExtra }) => options.caseChosen || !isExtra || (!program.isVariant && round === 1))
}

/** The scenarios asked for, each with the cases asked for. */
function chosenScenarios(options: BenchOptions): Scenario[] {
  return scenarios
    .filter(({ name }) => options.scenarios.includes(name))
    .map((scenario) => ({
      ...scenario,
      connections: scenario.kind === 'idle' ? options.idleConnections : scenario.connections,
      cases: scenario.cases.filter(({ name }) => options.cases.includes(name)),
    }))
    .filter(({ kind, cases }) => kind === 'idle' || cases.length > 0)
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en')
}
