import type { Program } from '../program.ts'
import type { Redis } from '../redis.ts'
import { Session } from '../session.ts'
import { curvePoints, fullPace, type MeasuredPoint, steadyPace } from './curve-point.ts'

/** How a run measures. */
export interface CurveRun {
  readonly redis: Redis
  readonly warmUpMs: number
  readonly measureMs: number
  programOf(nodes: number): Program
  say(line: string): void
}

/** Measures every point once. */
export async function measureCurve(run: CurveRun): Promise<MeasuredPoint[]> {
  const measured: MeasuredPoint[] = []
  for (const point of curvePoints) {
    const { nodes, subscribers } = point
    const session = await Session.open({
      redis: run.redis,
      program: run.programOf(nodes),
      kind: 'channel',
      connections: subscribers,
    })
    try {
      const { nodesCpuUs: steadyCpuUs } = await session.measure(steadyPace(point), run)
      const { nodesCpuUs: fullCpuUs } = await session.measure(fullPace, run)
      measured.push({ ...point, steadyCpuUs, fullCpuUs })
      run.say(
        `  ${nodes} nodes, ${String(subscribers).padStart(6)} subscribers: ` +
          `${steadyCpuUs.toFixed(2)} µs a delivery, ${fullCpuUs.toFixed(2)} µs at full speed`,
      )
    } finally {
      await session.close()
    }
  }
  return measured
}
