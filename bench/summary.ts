import { type CaseFigures, median, type Results } from './figures.ts'
import { BASELINE } from './program.ts'

/** One program in one case: medians over the rounds. */
export interface SummaryRow {
  readonly program: string
  readonly figures: CaseFigures
  /** How many times less the nodes' CPU is than the baseline's, each round against the same round; `undefined` without a baseline. */
  readonly timesCheaper: number | undefined
  /** The same with Redis's CPU on both sides. */
  readonly timesCheaperWithRedis: number | undefined
}

const FIGURES = [
  'deliveries',
  'seconds',
  'deliveriesPerSecond',
  'nodesCpuUs',
  'redisCpuUs',
  'generatorCpuUs',
  'generatorBusy',
  'p50Ms',
  'p99Ms',
] as const satisfies readonly (keyof CaseFigures)[]

/**
 * How many times less one program's CPU is than another's, nodes alone or nodes and Redis: each round against the same round, and of these the median;
 * `undefined` when the two never ran in one round.
 */
export function timesLess(
  { measurements }: Pick<Results, 'measurements'>,
  [scenario, caseName]: readonly [string, string],
  {
    program,
    than,
    withRedis = false,
  }: { readonly program: string; readonly than: string; readonly withRedis?: boolean },
): number | undefined {
  const costs = (name: string): Map<number, number> =>
    new Map(
      measurements
        .filter((row) => row.scenario === scenario && row.case === caseName && row.program === name)
        .map(({ round, figures }) => [round, figures.nodesCpuUs + (withRedis ? figures.redisCpuUs : 0)]),
    )
  const other = costs(than)
  const ratios = [...costs(program)].flatMap(([round, cost]) => {
    const against = other.get(round)
    return against === undefined ? [] : [against / cost]
  })
  return ratios.length === 0 ? undefined : median(ratios)
}

/** The rows of one case, in the order of the measurements. */
export function summarize(results: Pick<Results, 'measurements'>, scenario: string, caseName: string): SummaryRow[] {
  const measured = results.measurements.filter((row) => row.scenario === scenario && row.case === caseName)
  const of = (program: string): Map<number, CaseFigures> =>
    new Map(measured.filter((row) => row.program === program).map(({ round, figures }) => [round, figures]))

  return [...new Set(measured.map(({ program }) => program))].map((program) => {
    const rounds = of(program)
    const medians = Object.fromEntries(
      FIGURES.map((name) => [name, median([...rounds.values()].map((figures) => figures[name]))]),
    ) as unknown as CaseFigures
    return {
      program,
      figures: medians,
      timesCheaper: timesLess(results, [scenario, caseName], { program, than: BASELINE }),
      timesCheaperWithRedis: timesLess(results, [scenario, caseName], { program, than: BASELINE, withRedis: true }),
    }
  })
}
