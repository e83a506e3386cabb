import { ASSUMPTIONS } from './assumptions.ts'
import type { Capacity } from './capacity.ts'
import type { Measured, UnitCosts } from './unit-costs.ts'
import type { Workload } from './workload.ts'

/** Redis' own pub/sub partitions of the bus in a Cluster. */
const CLUSTER_PARTITIONS = 128
const PING_INTERVAL_S = 25
const LEAST_DRAIN_S = 5

/** What a plan says, line by line: a name, a value, a remark. */
export type PlanLine = readonly [name: string, value: string, remark?: string]

/** Whether everything in the plan was within what took part in the measurement. */
export function isWithinReach(capacity: Capacity, workload: Workload, { reach }: Measured<UnitCosts>): boolean {
  return (
    workload.connections <= reach.connections &&
    capacity.nodes <= reach.nodes &&
    capacity.deliveries <= reach.deliveriesPerSecond
  )
}

/** The plan as lines under headings. */
export function planLines(workload: Workload, capacity: Capacity): readonly (readonly [string, readonly PlanLine[]])[] {
  return [
    ['What happens', happening(workload, capacity)],
    ['Nodes', nodeLines(workload, capacity)],
    ['Redis', redisLines(capacity)],
    ['Network', networkLines(capacity)],
    ['Load balancer', balancerLines(workload, capacity)],
    ['Comings and goings', comings(workload, capacity)],
  ]
}

function happening({ connections, publications, userMessages }: Workload, capacity: Capacity): readonly PlanLine[] {
  return [
    ['connections', count(connections)],
    ['published', `${count(publications + userMessages)}/s`],
    ['delivered', `${count(capacity.deliveries)}/s`],
    ['heard by nodes', `${count(capacity.hints)}/s`, 'a publication costs every node that has one of its subscribers'],
  ]
}

function nodeLines({ busyShare }: Workload, capacity: Capacity): readonly PlanLine[] {
  const { nodes, boundBy, nodeCores, busiestShare, connectionsPerNode, nodeBytes, kernelBytes } = capacity
  const spare = boundBy === 'the number given' ? '' : ', one of them to spare'
  return [
    ['nodes', count(nodes), `processes${spare}; bound by ${boundBy}`],
    [
      'CPU',
      `${nodeCores.toFixed(nodeCores < 10 ? 2 : 0)} cores`,
      'all nodes together, each publication by itself; those that come together cost less',
    ],
    ['CPU of one', percent(busiestShare), `of its core; planned for at most ${percent(busyShare)}`],
    ['connections on one', count(connectionsPerNode)],
    ['memory of one', bytes(nodeBytes), `and ${bytes(kernelBytes)} of the kernel's for its sockets`],
    [
      'open files',
      `ulimit -n ${String(filesOf(connectionsPerNode, nodes))}`,
      'twice its share, for when another node is lost',
    ],
  ]
}

function redisLines({ redisShards, redisCores, redisBytes, nodes }: Capacity): readonly PlanLine[] {
  return [
    ['masters', count(redisShards), `${redisCores.toFixed(2)} cores, ${bytes(redisBytes)} of logs; a replica each`],
    [
      'partitions',
      redisShards === 1 ? 'none' : count(CLUSTER_PARTITIONS),
      redisShards === 1 ? 'one Redis holds all' : 'of the bus in a Cluster: more masters than this are of no use',
    ],
    ['connections', count(nodes * 2), 'to each master: two for each node'],
  ]
}

function networkLines({ clientBits, busBits, nodes }: Capacity): readonly PlanLine[] {
  return [
    ['to clients', bits(clientBits), `${bits(clientBits / nodes)} for one node`],
    ['nodes and Redis', bits(busBits), 'both ways'],
  ]
}

function balancerLines({ connections, balancerAddresses }: Workload, capacity: Capacity): readonly PlanLine[] {
  const perAddress = ASSUMPTIONS.portsPerAddress.value
  const load = capacity.connectionsPerNode * (capacity.nodes / Math.max(1, capacity.nodes - 1))
  const addresses = Math.ceil(load / perAddress)
  const balancers = Math.max(2, Math.ceil(connections / ASSUMPTIONS.balancerConnections.value) + 1)
  const isShort = balancers * balancerAddresses < addresses
  return [
    ['balancers', count(balancers), 'one of them to spare'],
    [
      'open files',
      `ulimit -n ${String(roundUp((2.2 * connections) / Math.max(1, balancers - 1) + 1_000))}`,
      'two for each connection',
    ],
    [
      'source addresses',
      `${count(addresses)} for each node`,
      isShort
        ? `NOT ENOUGH: ${count(balancers)} balancers with ${count(balancerAddresses)} each run out of ports; add addresses, or give each node more ports to listen on`
        : `${count(balancers)} balancers with ${count(balancerAddresses)} each have ports enough`,
    ],
    [
      'idle time-out',
      'at least 60 s',
      `oyez pings every ${PING_INTERVAL_S} s; nginx proxy_read_timeout, HAProxy timeout tunnel; "oyez lb" writes 1h`,
    ],
    ['connect time-out', '2 s', 'a dead node is found by the balancer, not by the client'],
  ]
}

function comings(workload: Workload, capacity: Capacity): readonly PlanLine[] {
  const { nodes, connects, connectionsPerNode, stormShare } = capacity
  const lost = connectionsPerNode / workload.reconnectWithinS
  const drain = Math.max(LEAST_DRAIN_S, Math.ceil(connectionsPerNode / ASSUMPTIONS.handshakesPerSecond.value))
  return [
    ['in ordinary times', `${count(connects)}/s come back`],
    [
      'a node lost',
      `${count(lost)}/s for ${workload.reconnectWithinS} s`,
      nodes === 1
        ? 'and nowhere to go'
        : `the others are at ${percent(stormShare)} meanwhile${stormShare > 0.9 ? ': TOO MUCH, allow more time or more nodes' : ''}`,
    ],
    ['drain', `${count(drain)} s`, `--drain; a rolling restart of all takes ${duration(drain * nodes)}`],
  ]
}

/** Open files of a node that holds twice its share. */
function filesOf(connectionsPerNode: number, nodes: number): number {
  return roundUp(connectionsPerNode * (nodes > 1 ? 2 : 1) + 1_000)
}

function roundUp(value: number): number {
  const step = 10 ** Math.max(0, Math.floor(Math.log10(value)) - 1)
  return Math.ceil(value / step) * step
}

function count(value: number): string {
  return value > 0 && value < 10 ? String(Number(value.toFixed(1))) : Math.round(value).toLocaleString('en')
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}

function bytes(value: number): string {
  return value < 2 ** 30 ? `${Math.ceil(value / 2 ** 20)} MiB` : `${(value / 2 ** 30).toFixed(1)} GiB`
}

function bits(value: number): string {
  return value < 1e9 ? `${(value / 1e6).toFixed(1)} Mbit/s` : `${(value / 1e9).toFixed(1)} Gbit/s`
}

function duration(seconds: number): string {
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`
}
