import type { Results } from '../figures.ts'
import { labelOf, programs } from '../program.ts'
import { summarize } from '../summary.ts'
import { type Bar, type BarChart, barChart } from './bar-chart.ts'

/** A drawing in a file of its own, and the words for those who do not see it. */
export interface Plot {
  readonly file: string
  readonly alt: string
  readonly svg: string
}

/** The drawings of the page: the costs first. */
export function plotsOf(results: Results): Plot[] {
  return [
    plot('fan-out-window-16', {
      title: 'Fan-out, 16 publications under way: CPU per delivery, nodes and Redis',
      unit: 'µs',
      digits: 2,
      bars: costs(results, 'fan-out', 'window-16'),
    }),
    plot('fan-out-rate-50', {
      title: 'Fan-out, 50 publications per second: CPU per delivery, nodes and Redis',
      unit: 'µs',
      digits: 1,
      bars: costs(results, 'fan-out', 'rate-50'),
    }),
    plot('user-to-user', {
      title: 'User to user: CPU per message, nodes and Redis',
      unit: 'µs',
      digits: 0,
      bars: costs(results, 'user-to-user', 'window-200'),
    }),
    plot('idle-memory', {
      title: 'Memory of an idle connection',
      unit: 'KB',
      digits: 1,
      bars: results.memory
        .filter(({ scenario }) => scenario === 'idle')
        .map(({ program, bytesPerConnection }) => bar(program, bytesPerConnection / 1_024)),
    }),
    plot('slow-consumers', {
      title: 'Memory that a node keeps for each client that stopped to read',
      unit: 'KB',
      digits: 0,
      bars: figures(results, 'slow-consumers', 'stalled-kb'),
    }),
    plot('messages-lost', {
      title: 'A node is killed: messages that its clients never received',
      unit: '',
      digits: 0,
      bars: figures(results, 'resume-storm', 'lost'),
    }),
    plot('bus-traffic', {
      title: 'A message to one user over 8 nodes: bytes in and out of Redis',
      unit: 'bytes',
      digits: 0,
      bars: figures(results, 'bus-traffic', 'bus-bytes')
        .filter(({ label }) => label.endsWith('.8'))
        .map(named),
    }),
    plot('cost-curve', {
      title: 'Fan-out of oyez at 20,000 deliveries per second: CPU per delivery',
      unit: 'µs',
      digits: 2,
      bars: figures(results, 'cost-curve', 'steady').map(point),
    }),
  ].filter((plot) => plot !== undefined)
}

function plot(name: string, chart: BarChart): Plot | undefined {
  if (chart.bars.length === 0) return undefined
  const alt = `${chart.title}: ${chart.bars.map(({ label, value }) => `${label} ${value.toFixed(chart.digits)} ${chart.unit}`.trim()).join('; ')}.`
  return { file: `docs/bench/${name}.svg`, alt, svg: barChart(chart) }
}

function costs(results: Results, scenario: string, name: string): Bar[] {
  return summarize(results, scenario, name).map(({ program, figures }) =>
    bar(program, figures.nodesCpuUs + figures.redisCpuUs),
  )
}

/** All figures `<prefix>.<rest>` of an experiment. */
function figures(results: Results, experiment: string, prefix: string): Bar[] {
  const found = results.experiments.find(({ name }) => name === experiment)?.figures ?? {}
  return Object.entries(found)
    .filter(([name, value]) => name.startsWith(`${prefix}.`) && Number.isFinite(value))
    .map(([name, value]) => bar(name.slice(prefix.length + 1), value))
}

function bar(program: string, value: number): Bar {
  const control = programs.find(({ name }) => name === program)?.control ?? false
  return { label: labelOf(program), value, kind: control ? 'control' : program.startsWith('oyez') ? 'own' : 'peer' }
}

const ROUTINGS: Readonly<Record<string, string>> = {
  interest: 'oyez, interest (the default)',
  broadcast: 'oyez, broadcast',
}

function named({ label, value }: Bar): Bar {
  const name = label.slice(0, -2)
  const routing = ROUTINGS[name]
  return routing === undefined ? bar(name, value) : { label: routing, value, kind: 'own' }
}

function point({ label, value }: Bar): Bar {
  const [nodes, subscribers] = label.split('.')
  return { label: `${nodes} nodes, ${Number(subscribers).toLocaleString('en')} subscribers`, value, kind: 'own' }
}
