import type { Pace } from '../load/order.ts'

/** One point of the curve: a fan-out of this size over so many nodes. */
export interface CurvePoint {
  readonly nodes: number
  readonly subscribers: number
}

/** What three rounds at one point showed: medians, microseconds of CPU of all nodes for one delivery. */
export interface MeasuredPoint extends CurvePoint {
  /** At the same number of deliveries a second everywhere, each a write of its own. */
  readonly steadyCpuUs: number
  /** With 16 publications under way all the time, so that several share a write. */
  readonly fullCpuUs: number
}

export const curvePoints: readonly CurvePoint[] = [
  ...[100, 300, 1_000, 3_000, 10_000].map((subscribers) => ({ nodes: 2, subscribers })),
  ...[1, 4, 8].map((nodes) => ({ nodes, subscribers: 1_000 })),
]

const DELIVERIES_PER_SECOND = 20_000

/** A pace at which every point costs the machine about as much. */
export function steadyPace({ subscribers }: CurvePoint): Pace {
  return { kind: 'rate', perSecond: DELIVERIES_PER_SECOND / subscribers }
}

export const fullPace: Pace = { kind: 'window', size: 16 }
