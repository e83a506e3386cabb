import { fullPace, steadyPace } from '../curve/curve-point.ts'
import { median } from '../figures.ts'
import { Session } from '../session.ts'
import type { Experiment } from './experiment.ts'

const ROUNDS = 2

const points = [
  { nodes: 2, subscribers: 100 },
  { nodes: 2, subscribers: 1_000 },
  { nodes: 2, subscribers: 10_000 },
  { nodes: 4, subscribers: 1_000 },
  { nodes: 8, subscribers: 1_000 },
] as const

/** Whether a delivery costs the same however many there are of it, and however many nodes share the work. */
export const costCurve: Experiment = {
  name: 'cost-curve',
  label: 'fan-out of oyez to 100, 1,000 and 10,000 subscribers, over 2, 4 and 8 nodes',
  isLong: true,
  async run({ programs, redis, say }) {
    const program = programs.find(({ name }) => name === 'oyez')
    if (program === undefined) return { name: this.name, figures: {}, tables: [] }
    const rows: string[][] = []
    const figures: Record<string, number> = {}
    const taken = new Map(points.map((point) => [point, { steady: [] as number[], full: [] as number[] }]))
    for (let round = 1; round <= ROUNDS; round++) {
      for (const point of points) {
        const { nodes, subscribers } = point
        const session = await Session.open({
          program: { ...program, nodes },
          redis,
          kind: 'channel',
          connections: subscribers,
        })
        try {
          const steady = await session.measure(steadyPace(point), { warmUpMs: 800, measureMs: 2_500 })
          const full = await session.measure(fullPace, { warmUpMs: 500, measureMs: 1_500 })
          taken.get(point)?.steady.push(steady.nodesCpuUs)
          taken.get(point)?.full.push(full.nodesCpuUs)
          say(
            `  round ${round}  ${nodes} nodes, ${subscribers} subscribers: ${steady.nodesCpuUs.toFixed(2)} µs, ${full.nodesCpuUs.toFixed(2)} µs at full speed`,
          )
        } finally {
          await session.close()
        }
      }
    }
    for (const [{ nodes, subscribers }, { steady, full }] of taken) {
      figures[`steady.${nodes}.${subscribers}`] = median(steady)
      figures[`full.${nodes}.${subscribers}`] = median(full)
      rows.push([
        `${nodes} nodes, ${subscribers.toLocaleString('en')} subscribers`,
        median(steady).toFixed(2),
        median(full).toFixed(2),
      ])
    }
    return {
      name: this.name,
      figures,
      tables: [
        {
          title: 'cost curve, fan-out of oyez',
          columns: ['', 'CPU µs per delivery at 20,000 deliveries/s', 'with 16 publications under way'],
          rows,
          notes: [
            'At a steady rate every delivery is a write of its own; with 16 publications under way several share a write.',
          ],
        },
      ],
    }
  },
}
