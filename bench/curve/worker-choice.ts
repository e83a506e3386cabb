import type { Pace } from '../load/order.ts'
import type { Program } from '../program.ts'
import { Session } from '../session.ts'
import type { CurveRun } from './curve-run.ts'

/** What a message costs two workers of one machine: microseconds of CPU of all processes, Redis included. */
export interface WorkerCosts {
  readonly deliveryUs: number
  readonly deliveryAtFullSpeedUs: number
  readonly userMessageUs: number
}

/** What joins the workers. */
export type WorkerJoint = 'worker' | 'redis'

const STEADY: Pace = { kind: 'rate', perSecond: 20 }
const FULL: Pace = { kind: 'window', size: 16 }
const USERS: Pace = { kind: 'window', size: 200 }
const CONNECTIONS = 1_000

/** Measures two workers once, joined by the worker bus alone or by a set of Redis connections for each. */
export async function measureWorkers(run: CurveRun, joint: WorkerJoint): Promise<WorkerCosts> {
  const [deliveryUs = 0, deliveryAtFullSpeedUs = 0] = await costs(run, {
    joint,
    kind: 'channel',
    paces: [STEADY, FULL],
  })
  const [userMessageUs = 0] = await costs(run, { joint, kind: 'users', paces: [USERS] })
  run.say(
    `  workers, ${joint}: ${deliveryUs.toFixed(2)} µs a delivery, ${deliveryAtFullSpeedUs.toFixed(2)} µs at full speed, ` +
      `${userMessageUs.toFixed(1)} µs from user to user`,
  )
  return { deliveryUs, deliveryAtFullSpeedUs, userMessageUs }
}

async function costs(
  run: CurveRun,
  { joint, kind, paces }: { readonly joint: WorkerJoint; readonly kind: 'channel' | 'users'; readonly paces: Pace[] },
): Promise<number[]> {
  const program = workersJoinedBy(joint)
  const session = await Session.open({ redis: run.redis, program, kind, connections: CONNECTIONS })
  try {
    const all: number[] = []
    for (const pace of paces) {
      const { nodesCpuUs, redisCpuUs } = await session.measure(pace, run)
      all.push(nodesCpuUs + redisCpuUs)
    }
    return all
  } finally {
    await session.close()
  }
}

function workersJoinedBy(joint: WorkerJoint): Program {
  return {
    name: `workers-${joint}`,
    label: `two workers, ${joint}`,
    file: 'programs/workers.js',
    args: [joint],
    dialect: 'oyez',
    nodes: 1,
    control: false,
  }
}
