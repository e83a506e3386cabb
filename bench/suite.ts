import type { Measurement, MemoryMeasurement, Results } from './figures.ts'
import type { BenchOptions } from './options.ts'
import { type Program, programs } from './program.ts'
import type { Redis } from './redis.ts'
import { type Scenario, scenarios } from './scenario.ts'
import { Session } from './session.ts'

export type SuiteResults = Pick<Results, 'measurements' | 'memory' | 'failures'>

/** Lets the programs take turns, A B C A B C, so that what the machine does meanwhile harms all alike. */
export async function runSuite(
  options: BenchOptions,
  redis: Redis,
  say: (line: string) => void,
): Promise<SuiteResults> {
  const measurements: Measurement[] = []
  const memory: MemoryMeasurement[] = []
  const failures: Results['failures'][number][] = []

  const takeTurn = async (program: Program, scenario: Scenario, round: number): Promise<void> => {
    const { kind, connections } = scenario
    const names = { program: program.name, scenario: scenario.name, round }
    const note = (text: string): void => say(`  round ${round}  ${program.name.padEnd(16)} ${text}`)
    const session = await Session.open({ program, redis, kind, connections, profileFolder: options.profileFolder })
    try {
      const { bytesPerConnection } = session
      memory.push({ ...names, connections, bytesPerConnection })
      note(`${whole(connections)} connected, ${(bytesPerConnection / 1_024).toFixed(1)} KB each`)
      for (const { name, pace } of scenario.cases) {
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
    // Memory does not depend on the moment: one turn is enough.
    const rounds = scenario.kind === 'idle' ? 1 : options.rounds
    for (let round = 1; round <= rounds; round++) {
      for (const program of chosenPrograms(options, scenario)) {
        try {
          await takeTurn(program, scenario, round)
        } catch (error) {
          const problem = error instanceof Error ? error.message : String(error)
          say(`  round ${round}  ${program.name.padEnd(16)} FAILED: ${problem}`)
          failures.push({ program: program.name, scenario: scenario.name, problem })
        }
      }
    }
  }
  return { measurements, memory, failures }
}

function chosenPrograms(options: BenchOptions, scenario: Scenario): Program[] {
  return programs.filter(
    ({ name, scenarios: only }) => options.programs.includes(name) && (only?.includes(scenario.name) ?? true),
  )
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
