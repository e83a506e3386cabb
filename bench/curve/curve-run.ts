import { median } from '../figures.ts'
import type { Program } from '../program.ts'
import type { Redis } from '../redis.ts'
import { Session } from '../session.ts'
import { type CurvePoint, curvePoints, fullPace, type MeasuredPoint, steadyPace } from './curve-point.ts'

/** How a run measures. */
export interface CurveRun {
  readonly redis: Redis
  readonly rounds: number
  readonly warmUpMs: number
  readonly measureMs: number
  programOf(nodes: number): Program
  say(line: string): void
}

/** Measures every point in every round, so that what the machine does meanwhile harms all alike. */
export async function measureCurve(run: CurveRun): Promise<MeasuredPoint[]> {
  const taken = new Map<CurvePoint, { steady: number[]; full: number[] }>()
  for (let round = 1; round <= run.rounds; round++) {
    for (const point of curvePoints) {
      const { steadyCpuUs, fullCpuUs } = await measurePoint(run, point)
      const values = taken.get(point) ?? { steady: [], full: [] }
      taken.set(point, values)
      values.steady.push(steadyCpuUs)
      values.full.push(fullCpuUs)
      run.say(
        `  round ${round}  ${point.nodes} nodes, ${String(point.subscribers).padStart(6)} subscribers: ` +
          `${steadyCpuUs.toFixed(2)} µs a delivery, ${fullCpuUs.toFixed(2)} µs at full speed`,
      )
    }
  }
  return [...taken].map(([point, { steady, full }]) => ({
    ...point,
    steadyCpuUs: median(steady),
    fullCpuUs: median(full),
  }))
}

async function measurePoint(run: CurveRun, point: CurvePoint): Promise<MeasuredPoint> {
  const { nodes, subscribers } = point
  const session = await Session.open({
    redis: run.redis,
    program: run.programOf(nodes),
    kind: 'channel',
    connections: subscribers,
  })
  try {
    const steady = await session.measure(steadyPace(point), run)
    const full = await session.measure(fullPace, run)
    return { ...point, steadyCpuUs: steady.nodesCpuUs, fullCpuUs: full.nodesCpuUs }
  } finally {
    await session.close()
  }
}
