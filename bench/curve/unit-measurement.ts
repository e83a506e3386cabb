import { setTimeout as pause } from 'node:timers/promises'
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
  /** A node without clients, microseconds a second. */
  readonly idleNodeUs: number
}

/** What it costs to have connections: microseconds of CPU and bytes of resident memory. */
export interface ConnectionUnits {
  /** Letting a client in: upgrade, connect, first answer. */
  readonly connectUs: number
  /** One ping and its pong. */
  readonly pingUs: number
  readonly connectionBytes: number
  /** One more subscription to a channel that others on the node have, too. */
  readonly subscriptionBytes: number
  /** A subscription to a channel that nobody else on the node has, and that channel: a personal one, for instance. */
  readonly ownChannelBytes: number
}

const FEW = 8
const FEW_PER_SECOND = 200
const WARM = 500
const COLD = 8_000
/** As in the curve, so that the machine is as busy. */
const DELIVERIES_PER_SECOND = 20_000
const CROWD = 10_000
const PING_INTERVAL_S = 25

/** Measures each part by itself, or as the difference of two runs that differ in nothing else. None of the curve's points is among them. */
export async function measurePublications(run: CurveRun): Promise<PublicationUnits> {
  const idleNodeUs = await atRest(run)
  const crowdOf = (connections: number): Promise<PerSecond> =>
    perSecond(run, { nodes: 1, connections, rate: DELIVERIES_PER_SECOND / connections })
  const [warm, cold] = [await crowdOf(WARM), await crowdOf(COLD)]
  const oneNode = await perSecond(run, { nodes: 1, connections: FEW, rate: FEW_PER_SECOND })
  const eightNodes = await perSecond(run, { nodes: FEW, connections: FEW, rate: FEW_PER_SECOND })

  const spread = FEW_PER_SECOND * (FEW - 1)
  const hintUs = (eightNodes.nodesUs - oneNode.nodesUs - (FEW - 1) * idleNodeUs) / spread
  const redisHintUs = (eightNodes.redisUs - oneNode.redisUs) / spread
  // Two equations for two unknowns: a publication with its hint, and a delivery.
  const few = (oneNode.nodesUs - idleNodeUs) / FEW_PER_SECOND
  const many = ((warm.nodesUs - idleNodeUs) * WARM) / DELIVERIES_PER_SECOND
  const deliveryUs = (many - few) / (WARM - FEW)
  const heardUs = few - FEW * deliveryUs
  return {
    deliveryUs,
    coldDeliveryUs: (cold.nodesUs - idleNodeUs) / DELIVERIES_PER_SECOND - heardUs / COLD,
    publicationUs: heardUs - hintUs,
    hintUs,
    redisPublicationUs: oneNode.redisUs / FEW_PER_SECOND - redisHintUs,
    redisHintUs,
    idleNodeUs,
  }
}

/** Measures crowds that say nothing. */
export async function measureConnections(run: CurveRun): Promise<ConnectionUnits> {
  const idleNodeUs = await atRest(run)
  const idle = await crowd(run, 'idle')
  const subscribers = await crowd(run, 'channel')
  const users = await crowd(run, 'users')
  return {
    connectUs: idle.connectUs,
    pingUs: ((idle.restUs - 2 * idleNodeUs) * PING_INTERVAL_S) / CROWD,
    connectionBytes: idle.bytes,
    subscriptionBytes: subscribers.bytes - idle.bytes,
    ownChannelBytes: users.bytes - idle.bytes,
  }
}

/** CPU in a second. */
interface PerSecond {
  readonly nodesUs: number
  readonly redisUs: number
}

async function perSecond(
  run: CurveRun,
  { nodes, connections, rate }: { readonly nodes: number; readonly connections: number; readonly rate: number },
): Promise<PerSecond> {
  const session = await Session.open({ ...run, program: run.programOf(nodes), kind: 'channel', connections })
  try {
    const figures = await session.measure({ kind: 'rate', perSecond: rate }, run)
    run.say(`  unit: ${nodes} nodes, ${connections} subscribers: ${figures.nodesCpuUs.toFixed(2)} µs a delivery`)
    // By the rate that was asked for: what a busy machine publishes late belongs to the stretch in which it was due.
    const perDelivery = rate * connections
    return { nodesUs: figures.nodesCpuUs * perDelivery, redisUs: figures.redisCpuUs * perDelivery }
  } finally {
    await session.close()
  }
}

/** A node without clients, microseconds a second. */
async function atRest(run: CurveRun): Promise<number> {
  const session = await Session.open({ ...run, program: run.programOf(2), kind: 'idle', connections: 1 })
  try {
    return (await session.cpuAtRest(run.measureMs)) / 2
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
