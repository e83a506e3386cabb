import { setTimeout as pause } from 'node:timers/promises'
import { median } from '../figures.ts'
import type { Pace } from '../load/order.ts'
import { Session } from '../session.ts'
import type { CurveRun } from './curve-run.ts'

/** What the parts of the work cost: the input of the capacity model. Microseconds of CPU and bytes of resident memory. */
export interface MeasuredUnits {
  /** Writing one publication to one subscriber. */
  readonly deliveryUs: number
  /** The same with so many subscribers on the node that their sockets fall out of the processor's caches from one publication to the next. */
  readonly coldDeliveryUs: number
  /** One publication of a client: read, checked, stored, answered. Without what follows from it. */
  readonly publicationUs: number
  /** One publication heard by one node that has subscribers. */
  readonly hintUs: number
  readonly redisPublicationUs: number
  readonly redisHintUs: number
  /** Letting a client in: upgrade, connect, first answer. */
  readonly connectUs: number
  /** One ping and its pong. */
  readonly pingUs: number
  /** A node without clients, microseconds a second. */
  readonly idleNodeUs: number
  /** Resident memory of a node without clients. */
  readonly connectionBytes: number
  /** One more subscription to a channel that others on the node have, too. */
  readonly subscriptionBytes: number
  /** A subscription to a channel that nobody else on the node has, and that channel: a personal one, for instance. */
  readonly ownChannelBytes: number
}

const CROWD = 10_000
const FEW = 8
const MANY = 1_000
const PING_INTERVAL_S = 25
const FEW_PACE: Pace = { kind: 'rate', perSecond: 500 }
const COLD = 8_000
const COLD_PACE: Pace = { kind: 'rate', perSecond: 3 }
const MANY_PACE: Pace = { kind: 'rate', perSecond: 50 }

/** Measures each part by itself, or as the difference of two runs that differ in nothing else. */
export async function measureUnits(run: CurveRun): Promise<MeasuredUnits> {
  const fanOut = await repeated(run, () => atPace(run, { nodes: 2, connections: MANY, pace: MANY_PACE }))
  const oneNode = await repeated(run, () => atPace(run, { nodes: 1, connections: FEW, pace: FEW_PACE }))
  const eightNodes = await repeated(run, () => atPace(run, { nodes: FEW, connections: FEW, pace: FEW_PACE }))
  const cold = await repeated(run, () => atPace(run, { nodes: 1, connections: COLD, pace: COLD_PACE }))
  const crowd = await crowdAtRest(run, 'idle')
  const subscribers = await crowdAtRest(run, 'channel')
  const users = await crowdAtRest(run, 'users')
  const hintUs = (FEW * (eightNodes.nodesCpuUs - oneNode.nodesCpuUs)) / (FEW - 1)
  const redisHintUs = (FEW * (eightNodes.redisCpuUs - oneNode.redisCpuUs)) / (FEW - 1)
  // Of what a delivery cost in the large crowd, a small part is the publication's: solved for, with the small crowd as the second equation.
  const deliveryUs = (fanOut.nodesCpuUs - (FEW * oneNode.nodesCpuUs + hintUs) / MANY) / (1 - FEW / MANY)
  return {
    deliveryUs,
    coldDeliveryUs: cold.nodesCpuUs,
    publicationUs: FEW * (oneNode.nodesCpuUs - deliveryUs) - hintUs,
    hintUs,
    redisPublicationUs: FEW * oneNode.redisCpuUs - redisHintUs,
    redisHintUs,
    connectUs: crowd.connectUs,
    pingUs: ((crowd.restUs - crowd.idleNodeUs) * PING_INTERVAL_S) / CROWD,
    idleNodeUs: crowd.idleNodeUs / 2,
    connectionBytes: crowd.bytes,
    subscriptionBytes: subscribers.bytes - crowd.bytes,
    ownChannelBytes: users.bytes - crowd.bytes,
  }
}

async function repeated(
  run: CurveRun,
  measure: () => Promise<{ readonly nodesCpuUs: number; readonly redisCpuUs: number }>,
): Promise<{ readonly nodesCpuUs: number; readonly redisCpuUs: number }> {
  const all = []
  for (let round = 0; round < run.rounds; round++) all.push(await measure())
  return {
    nodesCpuUs: median(all.map(({ nodesCpuUs }) => nodesCpuUs)),
    redisCpuUs: median(all.map(({ redisCpuUs }) => redisCpuUs)),
  }
}

async function atPace(
  run: CurveRun,
  { nodes, connections, pace }: { readonly nodes: number; readonly connections: number; readonly pace: Pace },
): Promise<{ readonly nodesCpuUs: number; readonly redisCpuUs: number }> {
  const session = await Session.open({ ...run, program: run.programOf(nodes), kind: 'channel', connections })
  try {
    const figures = await session.measure(pace, run)
    run.say(`  units: ${nodes} nodes, ${connections} subscribers: ${figures.nodesCpuUs.toFixed(2)} µs a delivery`)
    return figures
  } finally {
    await session.close()
  }
}

async function crowdAtRest(run: CurveRun, kind: 'idle' | 'channel' | 'users') {
  const nobody = await Session.open({ ...run, program: run.programOf(2), kind: 'idle', connections: 1 })
  const idleNodeUs = await nobody.cpuAtRest(run.measureMs)
  await nobody.close()
  const session = await Session.open({ ...run, program: run.programOf(2), kind, connections: CROWD })
  try {
    // The first ping of each comes within the first interval; from then on there is one an interval.
    if (kind === 'idle') await pause(PING_INTERVAL_S * 1_000)
    const restUs = kind === 'idle' ? await session.cpuAtRest(PING_INTERVAL_S * 1_000) : 0
    run.say(`  units: ${CROWD} ${kind}: ${(session.bytesPerConnection / 1_024).toFixed(1)} KB each`)
    return { bytes: session.bytesPerConnection, connectUs: session.connectCpuUs, restUs, idleNodeUs }
  } finally {
    await session.close()
  }
}
