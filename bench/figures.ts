/** What one case of one program showed in one round. Costs are microseconds of CPU per delivered message. */
export interface CaseFigures {
  readonly deliveries: number
  readonly seconds: number
  readonly deliveriesPerSecond: number
  /** All nodes of the program together. */
  readonly nodesCpuUs: number
  readonly redisCpuUs: number
  readonly generatorCpuUs: number
  /** Share of one core that the load generator used: near 1 it, and not the program, set the pace. */
  readonly generatorBusy: number
  readonly p50Ms: number
  readonly p99Ms: number
}

/** One row of the result. */
export interface Measurement {
  readonly program: string
  readonly scenario: string
  readonly case: string
  readonly round: number
  readonly figures: CaseFigures
}

/** Memory of one program in one scenario. */
export interface MemoryMeasurement {
  readonly program: string
  readonly scenario: string
  readonly connections: number
  readonly round: number
  readonly bytesPerConnection: number
}

/** What the check of the load generator showed. */
export interface Validation {
  readonly sent: number
  readonly counted: number
  readonly framesPerSecond: number
  readonly generatorCpuUs: number
}

/** A table that the terminal and the page both show. */
export interface Table {
  readonly title: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly string[])[]
  /** What a reader must know about it, one sentence or more each. */
  readonly notes?: readonly string[] | undefined
}

/** What an experiment showed: everything that is not a case of a scenario. */
export interface ExperimentResult {
  readonly name: string
  readonly tables: readonly Table[]
  /** Single numbers by name, for goals and plots: `log-reads`, `stalled-kb.socketio`. */
  readonly figures: Readonly<Record<string, number>>
}

/** Everything that a run of the suite leaves in `bench/results/`. */
export interface Results {
  readonly began: string
  readonly command: string
  readonly quick: boolean
  readonly measureMs: number
  readonly rounds: number
  readonly machine: { readonly cpu: string; readonly cores: number; readonly memoryGb: number; readonly system: string }
  readonly versions: Readonly<Record<string, string>>
  readonly validation: Validation
  readonly measurements: readonly Measurement[]
  readonly memory: readonly MemoryMeasurement[]
  readonly experiments: readonly ExperimentResult[]
  /** Programs that cannot run here, and why. */
  readonly skipped: readonly { readonly program: string; readonly reason: string }[]
  /** Tasks that wanted a processor, on average over the minute before the run: much above 0 means that others were busy. */
  readonly loadBefore: number
  readonly seconds: number
  /** Programs that could not be run to the end, and why. */
  readonly failures: readonly { readonly program: string; readonly scenario: string; readonly problem: string }[]
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2
}
