import type { Results, Table } from '../figures.ts'
import { BASELINE, labelOf } from '../program.ts'
import { scenarios } from '../scenario.ts'
import { type SummaryRow, summarize } from '../summary.ts'

export type { Table } from '../figures.ts'

/** One table for each case that was measured, one for memory, and those of the experiments. */
export function tablesOf(results: Results): Table[] {
  return [
    ...scenarios.flatMap((scenario) =>
      scenario.cases.flatMap(({ name, label }) => {
        const rows = summarize(results, scenario.name, name)
        return rows.length === 0
          ? []
          : [{ title: `${scenario.name}, ${label}`, columns: COLUMNS, rows: rows.map(cells) }]
      }),
    ),
    ...memoryTable(results),
    ...results.experiments.flatMap(({ tables }) => tables),
  ]
}

const COLUMNS = [
  'program',
  'nodes: times less than Socket.IO',
  'nodes and Redis: times less',
  'nodes: CPU µs per delivery',
  'Redis: CPU µs',
  'p50 ms',
  'p99 ms',
  'delivered/s',
  'generator: CPU µs',
  'generator busy',
] as const

function cells({ program, figures, timesCheaper, timesCheaperWithRedis }: SummaryRow): string[] {
  return [
    labelOf(program),
    times(timesCheaper),
    times(timesCheaperWithRedis),
    figures.nodesCpuUs.toFixed(2),
    figures.redisCpuUs.toFixed(2),
    figures.p50Ms.toFixed(1),
    figures.p99Ms.toFixed(1),
    Math.round(figures.deliveriesPerSecond).toLocaleString('en'),
    figures.generatorCpuUs.toFixed(2),
    `${Math.round(figures.generatorBusy * 100)} %`,
  ]
}

/** Only of the idle crowd: with a thousand connections the figure is mostly what the allocator happens to keep. */
function memoryTable(results: Results): Table[] {
  const rows = results.memory.filter(({ scenario }) => scenario === 'idle')
  const baseline = rows.find(({ program }) => program === BASELINE)?.bytesPerConnection
  if (rows.length === 0) return []
  return [
    {
      title: `idle, ${rows[0]?.connections.toLocaleString('en')} connections that only sit there`,
      columns: ['program', 'KB per connection', 'of Socket.IO'],
      rows: rows.map(({ program, bytesPerConnection }) => [
        labelOf(program),
        (bytesPerConnection / 1_024).toFixed(1),
        baseline === undefined ? '' : `${(bytesPerConnection / baseline).toFixed(2)} ×`,
      ]),
    },
  ]
}

function times(value: number | undefined): string {
  return value === undefined ? '' : `${value.toFixed(2)} ×`
}
