import type { Results } from '../figures.ts'
import { figureOf, type Goal } from './goal.ts'

const LIMIT = 0.1

/** Whether a delivery costs the same however many there are of it, and however many nodes share the work. */
export const costCurve: Goal = {
  work: 'cost curve',
  goal: 'CPU per delivery flat (± 10 %) from 100 to 10,000 subscribers and 2 to 8 nodes',
  reach: (results) => {
    const steady = curveOf(results, 'steady')
    const full = curveOf(results, 'full')
    if (steady === undefined || full === undefined) return undefined
    return {
      met: [...steady.off, ...full.off].every((value) => Math.abs(value) <= LIMIT),
      figure: `16 under way: ${full.text}; 20,000 deliveries/s: ${steady.text}`,
      why:
        'Against 1,000 subscribers on 2 nodes. A publication has a price of its own, which a hundred subscribers share less well than a thousand, and each further node pays for hearing it: ' +
        `from what 100 and 1,000 subscribers cost, some ${full.perPublicationUs.toFixed(0)} µs a publication while the nodes are never idle, and some ${steady.perPublicationUs.toFixed(0)} µs at the steady rate, ` +
        'where every process has gone to sleep before the next publication and is woken for it. With 10,000 subscribers at the steady rate there are two publications a second, and each finds its sockets cold; ' +
        'with 16 under way the same crowd is cheaper than the smaller one. `docs/capacity.md` has the model that counts both.',
    }
  },
}

interface Curve {
  /** Each point beside the one with 1,000 subscribers on 2 nodes. */
  readonly off: readonly number[]
  readonly text: string
  readonly perPublicationUs: number
}

function curveOf(results: Results, pace: 'steady' | 'full'): Curve | undefined {
  const at = (nodes: number, subscribers: number): number =>
    figureOf(results, 'cost-curve', `${pace}.${nodes}.${subscribers}`) ?? Number.NaN
  const [few, middle, many] = [at(2, 100), at(2, 1_000), at(2, 10_000)]
  const off = [few, many, at(4, 1_000), at(8, 1_000)].map((value) => value / middle - 1)
  if (off.some((value) => Number.isNaN(value))) return undefined
  const [atFew, atMany, onFour, onEight] = off.map(percent)
  return {
    off,
    text: `${atFew} at 100, ${atMany} at 10,000, ${onFour} on 4 nodes, ${onEight} on 8`,
    perPublicationUs: (few - middle) / (1 / 100 - 1 / 1_000),
  }
}

function percent(value: number): string {
  return `${value >= 0 ? '+' : '−'}${Math.abs(Math.round(value * 100))} %`
}
