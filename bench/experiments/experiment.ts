import type { ExperimentResult } from '../figures.ts'
import type { Program } from '../program.ts'
import type { Redis } from '../redis.ts'

/** What an experiment may use. */
export interface ExperimentContext {
  readonly redis: Redis
  readonly quick: boolean
  /** The ones that were asked for and can run here. */
  readonly programs: readonly Program[]
  readonly warmUpMs: number
  readonly measureMs: number
  readonly say: (line: string) => void
  /** Notes that a program could not do it; the others go on. */
  readonly fail: (program: string, problem: string) => void
}

/** Something else than publishing at a pace: has its own course and its own tables. */
export interface Experiment {
  readonly name: string
  readonly label: string
  /** Left out of a quick run unless it is asked for. */
  readonly isLong?: true
  /** @throws when it could not be carried out to the end. */
  run(context: ExperimentContext): Promise<ExperimentResult>
}

/** Runs the named programs one after the other, in the order of the names, and says how far it is. */
export async function eachProgram(
  { programs, say, fail }: ExperimentContext,
  names: readonly string[],
  measure: (program: Program) => Promise<string>,
): Promise<void> {
  for (const name of names) {
    const program = programs.find((program) => program.name === name)
    if (program === undefined) continue
    try {
      say(`  ${program.name.padEnd(18)} ${await measure(program)}`)
    } catch (error) {
      fail(name, error instanceof Error ? error.message : String(error))
    }
  }
}
