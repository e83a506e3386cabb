import { setTimeout as pause } from 'node:timers/promises'
import type { CaseFigures } from '../figures.ts'
import type { Pace } from '../load/order.ts'
import { Session } from '../session.ts'
import type { CurveRun } from './curve-run.ts'

/** What the parts of a publication cost, microseconds of CPU. */
export interface PublicationUnits {
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
}

/** What it costs to have connections: microseconds of CPU and bytes of resident memory. */
export interface ConnectionUnits {
  /** Letting a client in: upgrade, connect, first answer. */
  readonly connectUs: number
  /** One ping and its pong. */
  readonly pingUs: number
  /** A node without clients, microseconds a second. */
  readonly idleNodeUs: number
  readonly connectionBytes: number
  /** One more subscription to a channel that others on the node have, too. */
  readonly subscriptionBytes: number
  /** A subscription to a channel that nobody else on the node has, and that channel: a personal one, for instance. */
  readonly ownChannelBytes: number
}

const FEW = 8
const MANY = 1_000
const COLD = 8_000
const CROWD = 10_000
const PING_INTERVAL_S = 25
// Slow enough that no two publications share a write, also on a busy machine.
const FEW_PACE: Pace = { kind: 'rate', perSecond: 200 }
const MANY_PACE: Pace = { kind: 'rate', perSecond: 10 }
const COLD_PACE: Pace = { kind: 'rate', perSecond: 3 }

/** Measures each part by itself, or as the difference of two runs that differ in nothing else. */
export async function measurePublications(run: CurveRun): Promise<PublicationUnits> {
  const many = await atPace(run, { nodes: 2, connections: MANY, pace: MANY_PACE })
  const oneNode = await atPace(run, { nodes: 1, connections: FEW, pace: FEW_PACE })
  const eightNodes = await atPace(run, { nodes: FEW, connections: FEW, pace: FEW_PACE })
  const cold = await atPace(run, { nodes: 1, connections: COLD, pace: COLD_PACE })
  const hintUs = (FEW * (eightNodes.nodesCpuUs - oneNode.nodesCpuUs)) / (FEW - 1)
  const redisHintUs = (FEW * (eightNodes.redisCpuUs - oneNode.redisCpuUs)) / (FEW - 1)
  // Of what a delivery cost in the large crowd, a small part is the publication's: solved for, with the small crowd as the second equation.
  const deliveryUs = (many.nodesCpuUs - (FEW * oneNode.nodesCpuUs + hintUs) / MANY) / (1 - FEW / MANY)
  const publicationUs = FEW * (oneNode.nodesCpuUs - deliveryUs) - hintUs
  return {
    deliveryUs,
    coldDeliveryUs: cold.nodesCpuUs - (publicationUs + hintUs) / COLD,
    publicationUs,
    hintUs,
    redisPublicationUs: FEW * oneNode.redisCpuUs - redisHintUs,
    redisHintUs,
  }
}

/** Measures crowds that say nothing. */
export async function measureConnections(run: CurveRun): Promise<ConnectionUnits> {
  const nobody = await Session.open({ ...run, program: run.programOf(2), kind: 'idle', connections: 1 })
  const idleNodesUs = await nobody.cpuAtRest(2 * run.measureMs)
  await nobody.close()
  const idle = await crowd(run, 'idle')
  const subscribers = await crowd(run, 'channel')
  const users = await crowd(run, 'users')
  return {
    connectUs: idle.connectUs,
    pingUs: ((idle.restUs - idleNodesUs) * PING_INTERVAL_S) / CROWD,
    idleNodeUs: idleNodesUs / 2,
    connectionBytes: idle.bytes,
    subscriptionBytes: subscribers.bytes - idle.bytes,
    ownChannelBytes: users.bytes - idle.bytes,
  }
}

async function atPace(
  run: CurveRun,
  { nodes, connections, pace }: { readonly nodes: number; readonly connections: number; readonly pace: Pace },
): Promise<CaseFigures> {
  const session = await Session.open({ ...run, program: run.programOf(nodes), kind: 'channel', connections })
  try {
    const figures = await session.measure(pace, run)
    run.say(`  unit: ${nodes} nodes, ${connections} subscribers: ${figures.nodesCpuUs.toFixed(2)} µs a delivery`)
    return figures
  } finally {
    await session.close()
  }
}

async function crowd(
  run: CurveRun,
  kind: 'idle' | 'channel' | 'users',
): Promise<{ readonly bytes: number; readonly connectUs: number; readonly restUs: number }> {
  const session = await Session.open({ ...run, program: run.programOf(2), kind, connections: CROWD })
  try {
    run.say(`  unit: ${CROWD} ${kind}: ${(session.bytesPerConnection / 1_024).toFixed(1)} KiB each`)
    // The first ping of each comes within the first interval; from then on there is one an interval.
    if (kind === 'idle') await pause(PING_INTERVAL_S * 1_000)
    const restUs = kind === 'idle' ? await session.cpuAtRest(PING_INTERVAL_S * 1_000) : Number.NaN
    return { bytes: session.bytesPerConnection, connectUs: session.connectCpuUs, restUs }
  } finally {
    await session.close()
  }
}
