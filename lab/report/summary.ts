import { FINDING_KINDS, type FindingKind } from '../checker/findings.ts'
import type { RunResult } from '../runner/run.ts'
import { table } from './table.ts'

/** What a run is remembered by: plain JSON, one file each. */
export interface RunSummary {
  readonly scenario: string
  readonly seed: number
  readonly at: string
  readonly minutes: number
  readonly rounds: number
  readonly green: boolean
  readonly failure?: string
  readonly mutant?: string
  readonly deliveries: number
  readonly published: number
  readonly acknowledged: number
  readonly goneWithLog: number
  readonly undoneAndTold: number
  readonly breaks: Readonly<Record<string, number>>
  readonly counts: Readonly<Record<string, number>>
  readonly figures: Readonly<Record<string, number>>
  readonly findings: Readonly<Partial<Record<FindingKind, number>>>
  readonly examples: readonly string[]
}

export function summarize(result: RunResult, mutant?: string): RunSummary {
  const { verdict, failure } = result
  const figures = verdict && {
    ...verdict.figures,
    latencyP50: verdict.latency.p50,
    latencyP99: verdict.latency.p99,
    latencyMost: verdict.latency.most,
    ...(verdict.announcementMs > 0 && { announcementMs: verdict.announcementMs }),
  }
  return {
    scenario: result.scenario,
    seed: result.seed,
    at: new Date().toISOString(),
    minutes: Math.round(result.ms / 600) / 100,
    rounds: result.rounds,
    green: failure === undefined && verdict?.findings.total === 0,
    ...(failure !== undefined && { failure }),
    ...(mutant !== undefined && { mutant }),
    deliveries: verdict?.deliveries ?? 0,
    published: verdict?.published ?? 0,
    acknowledged: verdict?.acks.acknowledged ?? 0,
    goneWithLog: verdict?.acks.goneWithLog ?? 0,
    undoneAndTold: verdict?.acks.undoneAndTold ?? 0,
    breaks: verdict?.breaks ?? {},
    counts: verdict?.counts ?? {},
    figures: figures ?? {},
    findings: Object.fromEntries(verdict?.findings.counts ?? []),
    examples: verdict?.findings.examples ?? [],
  }
}

/** The end of a run, for the terminal. */
export function describe(summary: RunSummary): string {
  const pairs = (record: Readonly<Record<string, number>>): string =>
    Object.entries(record)
      .map(([name, value]) => `${name} ${value.toLocaleString('en')}`)
      .join(', ') || 'none'
  const lines: (string | number)[][] = [
    [
      'published, acknowledged',
      `${summary.published.toLocaleString('en')}, ${summary.acknowledged.toLocaleString('en')}`,
    ],
    ['deliveries checked', summary.deliveries.toLocaleString('en')],
    ['faults', pairs(summary.counts)],
    ['breaks, all justified', pairs(summary.breaks)],
    ['acknowledged and gone', `${summary.goneWithLog} with a lost log, ${summary.undoneAndTold} undone and told`],
    ['figures (ms)', pairs(summary.figures)],
  ]
  if (Object.keys(summary.breaks).length > 0 && (summary.findings.unjustified ?? 0) > 0)
    lines[3] = ['breaks', pairs(summary.breaks)]
  const findings = Object.entries(summary.findings).map(([kind, count]) => [
    kind,
    `${count}: ${FINDING_KINDS[kind as FindingKind]}`,
  ])
  const head = `${summary.green ? 'GREEN' : 'RED  '}  ${summary.scenario}, seed ${summary.seed}, ${summary.rounds} rounds, ${summary.minutes} minutes`
  const parts = [head, table([...lines, ...findings]), ...summary.examples.map((example) => `  ${example}`)]
  return [...parts, ...(summary.failure === undefined ? [] : [summary.failure])].join('\n')
}
