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

/** The rows of one case, in the order of the measurements. */
export function summarize(results: Pick<Results, 'measurements'>, scenario: string, caseName: string): SummaryRow[] {
  const measured = results.measurements.filter((row) => row.scenario === scenario && row.case === caseName)
  const of = (program: string): Map<number, CaseFigures> =>
    new Map(measured.filter((row) => row.program === program).map(({ round, figures }) => [round, figures]))
  const baseline = of(BASELINE)

  return [...new Set(measured.map(({ program }) => program))].map((program) => {
    const rounds = of(program)
    const ratio = (cost: (figures: CaseFigures) => number): number | undefined => {
      const ratios = [...rounds].flatMap(([round, figures]) => {
        const against = baseline.get(round)
        return against === undefined ? [] : [cost(against) / cost(figures)]
      })
      return ratios.length === 0 ? undefined : median(ratios)
    }
    const medians = Object.fromEntries(
      FIGURES.map((name) => [name, median([...rounds.values()].map((figures) => figures[name]))]),
    ) as unknown as CaseFigures
    return {
      program,
      figures: medians,
      timesCheaper: ratio(({ nodesCpuUs }) => nodesCpuUs),
      timesCheaperWithRedis: ratio(({ nodesCpuUs, redisCpuUs }) => nodesCpuUs + redisCpuUs),
    }
  })
}
