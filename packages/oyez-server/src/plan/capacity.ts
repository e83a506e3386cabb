import { ASSUMPTIONS } from './assumptions.ts'
import type { UnitCosts } from './unit-costs.ts'
import { MAX_CONNECTIONS, type Workload } from './workload.ts'

/** What a workload costs and needs. Rates are per second, CPU is in cores. */
export interface Capacity {
  readonly nodes: number
  /** What asks for the most nodes. */
  readonly boundBy: 'CPU' | 'memory' | 'connections' | 'one to spare' | 'the number given'
  readonly deliveries: number
  /** Publications, one for each node that hears them. */
  readonly hints: number
  readonly connects: number
  /** CPU of all nodes, in cores. */
  readonly nodeCores: number
  /** The same, microseconds for each delivery; NaN without deliveries. */
  readonly cpuUsPerDelivery: number
  readonly busiestShare: number
  readonly nodeBytes: number
  readonly kernelBytes: number
  readonly connectionsPerNode: number
  readonly redisCores: number
  readonly redisBytes: number
  readonly redisShards: number
  /** Bits a second, TLS and packet headers included. */
  readonly clientBits: number
  readonly busBits: number
  /** CPU share of a node while the clients of a lost one come back. */
  readonly stormShare: number
}

const PING_INTERVAL_S = 25
const MEASURED_PAYLOAD_BYTES = 64
/** Connections on a node with which the two costs of a delivery were measured. */
const WARM_CONNECTIONS = 500
const COLD_CONNECTIONS = 8_000
/** How long a log is kept unless configured otherwise. */
const LOG_SECONDS = 300

/**
 * Computes the least number of nodes, or with the number given. One node is added to what the load asks for, so that the loss of one leaves the others
 * at the load that was planned.
 *
 * @returns `undefined` when no number of nodes is enough: every node hears more publications than one core can take in.
 */
export function capacityOf(workload: Workload, costs: UnitCosts): Capacity | undefined {
  if (workload.nodes !== undefined)
    return compute(workload, costs, { nodes: workload.nodes, boundBy: 'the number given' })
  const enough = (nodes: number): boolean => fits(workload, compute(workload, costs, { nodes, boundBy: 'CPU' }))
  let most = 1
  while (!enough(most)) {
    most *= 2
    if (most > MAX_CONNECTIONS) return undefined
  }
  let least = most >> 1
  while (most - least > 1) {
    const middle = (least + most) >> 1
    if (enough(middle)) most = middle
    else least = middle
  }
  if (most === 1) return compute(workload, costs, { nodes: 2, boundBy: 'one to spare' })
  const boundBy = reasonAgainst(workload, compute(workload, costs, { nodes: most - 1, boundBy: 'CPU' })) ?? 'CPU'
  return compute(workload, costs, { nodes: most + 1, boundBy })
}

function compute(
  workload: Workload,
  costs: UnitCosts,
  { nodes, boundBy }: { readonly nodes: number; readonly boundBy: Capacity['boundBy'] },
): Capacity {
  const { connections, publications, fanOut, userMessages, payloadBytes } = workload
  const deliveries = publications * fanOut + userMessages
  const hints = publications * hearing(nodes, fanOut) + userMessages
  const connects = (connections * workload.reconnectsPerHour) / 3_600
  const cpuUs =
    deliveries * deliveryUs(costs, { payloadBytes, perNode: connections / nodes }) +
    (publications + userMessages) * costs.publicationUs +
    hints * costs.hintUs +
    connects * costs.connectUs +
    (connections / PING_INTERVAL_S) * costs.pingUs +
    nodes * costs.idleNodeUs
  const { nodeBytes, kernelBytes } = memory(workload, costs, nodes)
  const redis = redisOf(workload, costs, hints)
  const stormUs = (connections / nodes / Math.max(1, nodes - 1) / workload.reconnectWithinS) * costs.connectUs
  return {
    nodes,
    boundBy,
    deliveries,
    hints,
    connects,
    nodeCores: cpuUs / 1_000_000,
    cpuUsPerDelivery: deliveries === 0 ? Number.NaN : cpuUs / deliveries,
    busiestShare: cpuUs / nodes / 1_000_000,
    nodeBytes,
    kernelBytes,
    connectionsPerNode: Math.ceil(connections / nodes),
    ...redis,
    clientBits:
      8 * deliveries * (payloadBytes + ASSUMPTIONS.frameOverheadBytes.value + ASSUMPTIONS.packetOverheadBytes.value),
    busBits: 8 * (publications + userMessages + hints) * (payloadBytes + ASSUMPTIONS.busOverheadBytes.value),
    stormShare: (cpuUs / Math.max(1, nodes - 1) + stormUs) / 1_000_000,
  }
}

/** Nodes that have at least one of `fanOut` subscribers, spread by chance. */
function hearing(nodes: number, fanOut: number): number {
  return nodes * (1 - (1 - 1 / nodes) ** fanOut)
}

/** Between few connections on a node and many, the cost grows with the order of magnitude. */
function deliveryUs(costs: UnitCosts, at: { readonly payloadBytes: number; readonly perNode: number }): number {
  const share = Math.log(at.perNode / WARM_CONNECTIONS) / Math.log(COLD_CONNECTIONS / WARM_CONNECTIONS)
  const cold = Math.min(1, Math.max(0, share)) * (costs.coldDeliveryUs - costs.deliveryUs)
  return costs.deliveryUs + cold + Math.max(0, at.payloadBytes - MEASURED_PAYLOAD_BYTES) * ASSUMPTIONS.byteUs.value
}

function memory(workload: Workload, costs: UnitCosts, nodes: number): { nodeBytes: number; kernelBytes: number } {
  const connections = workload.connections / nodes
  // A channel is held by a node when one of its subscribers is there.
  const followers = workload.channels === 0 ? 0 : (workload.connections * workload.subscriptions) / workload.channels
  const channels = (workload.channels * hearing(nodes, followers)) / nodes
  return {
    nodeBytes:
      ASSUMPTIONS.nodeBaseBytes.value +
      connections * (costs.connectionBytes + costs.ownChannelBytes + workload.subscriptions * costs.subscriptionBytes) +
      channels * Math.max(0, costs.ownChannelBytes - costs.subscriptionBytes),
    kernelBytes: connections * ASSUMPTIONS.kernelBytes.value,
  }
}

function redisOf(
  workload: Workload,
  costs: UnitCosts,
  hints: number,
): Pick<Capacity, 'redisCores' | 'redisBytes' | 'redisShards'> {
  const publications = workload.publications + workload.userMessages
  const redisCores = (publications * costs.redisPublicationUs + hints * costs.redisHintUs) / 1_000_000
  // Logs of personal channels hold little: what came in the last minutes.
  const personal = Math.min(workload.history, (workload.userMessages / workload.connections) * LOG_SECONDS)
  const recordBytes = workload.payloadBytes + ASSUMPTIONS.recordOverheadBytes.value
  const spoken = workload.channels === 0 ? 0 : (workload.publications / workload.channels) * LOG_SECONDS
  const perChannel = Math.min(workload.history, spoken)
  const redisBytes =
    workload.channels * (ASSUMPTIONS.channelOverheadBytes.value + perChannel * recordBytes) +
    workload.connections * (ASSUMPTIONS.channelOverheadBytes.value + personal * recordBytes)
  const byCpu = redisCores / workload.busyShare
  const byMemory = redisBytes / ASSUMPTIONS.redisMemoryBytes.value
  return { redisCores, redisBytes, redisShards: Math.max(1, Math.ceil(Math.max(byCpu, byMemory))) }
}

function fits(workload: Workload, capacity: Capacity): boolean {
  return reasonAgainst(workload, capacity) === undefined
}

function reasonAgainst(workload: Workload, capacity: Capacity): Capacity['boundBy'] | undefined {
  if (capacity.busiestShare > workload.busyShare) return 'CPU'
  if (capacity.nodeBytes > workload.nodeMemoryBytes) return 'memory'
  return capacity.connectionsPerNode > ASSUMPTIONS.connectionsPerNode.value ? 'connections' : undefined
}
