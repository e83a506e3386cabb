import type { Results } from '../figures.ts'

const LARGE_CROWD = 10_000

/** Something that the project set out to reach. */
export interface Goal {
  readonly work: string
  /** The goal in words, with its number. */
  readonly goal: string
  /** What one run showed; `undefined` when it did not look. */
  readonly reach: (results: Results) => Reached | undefined
}

export interface Reached {
  readonly met: boolean
  /** The figure that the goal is about. */
  readonly figure: string
  /** What was measured about it, for whoever wants to know why; needed where a goal is not met. */
  readonly why?: string | undefined
}

/** A single number of an experiment; `undefined` without it. */
export function figureOf(results: Results, experiment: string, figure: string): number | undefined {
  const value = results.experiments.find(({ name }) => name === experiment)?.figures[figure]
  return value === undefined || Number.isNaN(value) ? undefined : value
}

/** Memory of an idle connection; `undefined` when it was not measured, or among so few that most of it is what the allocator keeps. */
export function bytesPerConnection(results: Results, program: string): number | undefined {
  return results.memory.find(
    (row) => row.scenario === 'idle' && row.program === program && row.connections >= LARGE_CROWD,
  )?.bytesPerConnection
}
