import { median } from '../figures.ts'
import type { Pace } from '../load/order.ts'
import type { Program } from '../program.ts'
import { Session } from '../session.ts'
import type { CurveRun } from './curve-run.ts'

/** What joins two workers of one machine, and what a message costs then: microseconds of CPU of all processes, Redis included. */
export interface MeasuredWorkers {
  readonly bus: 'worker' | 'redis'
  readonly deliveryUs: number
  readonly deliveryAtFullSpeedUs: number
  readonly userMessageUs: number
}

const cases: readonly { readonly kind: 'channel' | 'users'; readonly pace: Pace }[] = [
  { kind: 'channel', pace: { kind: 'rate', perSecond: 20 } },
  { kind: 'channel', pace: { kind: 'window', size: 16 } },
  { kind: 'users', pace: { kind: 'window', size: 200 } },
]

/** Compares the worker bus alone with one set of Redis connections for each worker. */
export async function measureWorkers(run: CurveRun): Promise<MeasuredWorkers[]> {
  const taken = { worker: cases.map((): number[] => []), redis: cases.map((): number[] => []) }
  for (let round = 1; round <= run.rounds; round++) {
    for (const bus of ['worker', 'redis'] as const) {
      for (const [index, { kind, pace }] of cases.entries()) {
        const session = await Session.open({ redis: run.redis, program: workersOn(bus), kind, connections: 1_000 })
        try {
          const { nodesCpuUs, redisCpuUs } = await session.measure(pace, run)
          taken[bus][index]?.push(nodesCpuUs + redisCpuUs)
          run.say(`  round ${round}  ${bus} bus, ${kind}: ${(nodesCpuUs + redisCpuUs).toFixed(2)} µs`)
        } finally {
          await session.close()
        }
      }
    }
  }
  return (['worker', 'redis'] as const).map((bus) => {
    const [deliveryUs = 0, deliveryAtFullSpeedUs = 0, userMessageUs = 0] = taken[bus].map((values) => median(values))
    return { bus, deliveryUs, deliveryAtFullSpeedUs, userMessageUs }
  })
}

function workersOn(bus: 'worker' | 'redis'): Program {
  return {
    name: `workers-${bus}`,
    label: `two workers, ${bus} bus`,
    file: 'programs/workers.js',
    args: [bus],
    dialect: 'oyez',
    nodes: 1,
    control: false,
  }
}
