import { UserError } from '../user-error.ts'

/** What a cluster is to carry. */
export interface Workload {
  /** Connections at the same time. */
  readonly connections: number
  /** Channels that somebody is subscribed to, personal channels not counted. */
  readonly channels: number
  /** Channels that one connection is subscribed to, its personal channel not counted. */
  readonly subscriptions: number
  /** Publications a second, to all channels together. */
  readonly publications: number
  /** Subscribers that one publication reaches. */
  readonly fanOut: number
  /** Messages a second from user to user, each to one connection. */
  readonly userMessages: number
  readonly payloadBytes: number
  /** How often a connection ends and comes back in an hour. */
  readonly reconnectsPerHour: number
  /** Seconds in which the clients of a lost node shall all be back. */
  readonly reconnectWithinS: number
  /** Publications that a channel's log keeps. */
  readonly history: number
  /** Share of one core that a node and a Redis may use in ordinary times. */
  readonly busyShare: number
  /** Memory for one node, bytes. */
  readonly nodeMemoryBytes: number
  /** A fixed number of nodes to compute with; otherwise the least that will do. */
  readonly nodes: number | undefined
  /** Addresses from which the load balancer connects to each node. */
  readonly balancerAddresses: number
}

/** A number that a workload is made of, as a flag of the command line. */
export interface WorkloadFlag {
  readonly key: keyof Workload
  readonly flag: string
  readonly help: string
  /** Left out: computed from the others, or not needed. */
  readonly preset?: number
  readonly least: number
  readonly most: number
  /** What one unit of the flag is in the workload. */
  readonly scale?: number
  readonly whole?: false
}

export const MAX_CONNECTIONS = 10_000_000

export const WORKLOAD_FLAGS: readonly WorkloadFlag[] = [
  {
    key: 'connections',
    flag: '--users',
    help: 'connections at the same time',
    preset: 10_000,
    least: 1,
    most: MAX_CONNECTIONS,
  },
  {
    key: 'channels',
    flag: '--channels',
    help: 'channels with subscribers, beside the personal ones',
    preset: 1_000,
    least: 0,
    most: 100_000_000,
  },
  {
    key: 'subscriptions',
    flag: '--subscriptions',
    help: 'channels that one connection is subscribed to',
    preset: 3,
    least: 0,
    most: 128,
  },
  {
    key: 'publications',
    flag: '--publications',
    help: 'publications a second, to all channels together',
    preset: 100,
    least: 0,
    most: 10_000_000,
    whole: false,
  },
  {
    key: 'fanOut',
    flag: '--fan-out',
    help: 'subscribers that one publication reaches (default: users x subscriptions / channels)',
    least: 0,
    most: MAX_CONNECTIONS,
    whole: false,
  },
  {
    key: 'userMessages',
    flag: '--messages',
    help: 'messages a second from user to user',
    preset: 0,
    least: 0,
    most: 10_000_000,
    whole: false,
  },
  { key: 'payloadBytes', flag: '--payload', help: 'bytes of one payload', preset: 200, least: 1, most: 65_536 },
  {
    key: 'reconnectsPerHour',
    flag: '--reconnects',
    help: 'how often a connection ends and comes back in an hour',
    preset: 1,
    least: 0,
    most: 3_600,
    whole: false,
  },
  {
    key: 'reconnectWithinS',
    flag: '--back-within',
    help: 'seconds in which the clients of a lost node shall be back',
    preset: 30,
    least: 1,
    most: 3_600,
  },
  {
    key: 'history',
    flag: '--history',
    help: "publications that a channel's log keeps",
    preset: 100,
    least: 1,
    most: 100_000,
  },
  {
    key: 'busyShare',
    flag: '--busy',
    help: 'per cent of a core that a node or a Redis may use in ordinary times',
    preset: 50,
    least: 1,
    most: 90,
    scale: 0.01,
  },
  {
    key: 'nodeMemoryBytes',
    flag: '--memory',
    help: 'MiB of memory for one node',
    preset: 4_096,
    least: 128,
    most: 1_048_576,
    scale: 1_048_576,
  },
  {
    key: 'nodes',
    flag: '--nodes',
    help: 'compute with this many nodes (default: the least that will do)',
    least: 1,
    most: 100_000,
  },
  {
    key: 'balancerAddresses',
    flag: '--balancer-addresses',
    help: 'addresses from which the load balancer connects to each node',
    preset: 1,
    least: 1,
    most: 1_000,
  },
]

/** Reads what was given on the command line. @throws {UserError} naming the flag that makes no sense. */
export function readWorkload(given: Readonly<Partial<Record<keyof Workload, string>>>): Workload {
  const numbers: Partial<Record<keyof Workload, number>> = {}
  for (const flag of WORKLOAD_FLAGS) {
    const value = numberOf(flag, given[flag.key])
    if (value !== undefined) numbers[flag.key] = value
  }
  const { connections = 0, channels = 0, subscriptions = 0 } = numbers
  if (subscriptions > channels) {
    throw new UserError(`--subscriptions must not be more than --channels (${channels}), not ${subscriptions}`)
  }
  const even = channels === 0 ? 0 : (connections * subscriptions) / channels
  const fanOut = numbers.fanOut ?? even
  if (fanOut > connections)
    throw new UserError(`--fan-out must not be more than --users (${connections}), not ${fanOut}`)
  return { ...(numbers as Record<keyof Workload, number>), fanOut, nodes: numbers.nodes }
}

function numberOf(flag: WorkloadFlag, text: string | undefined): number | undefined {
  const { least, most, preset, scale = 1 } = flag
  if (text === undefined) return preset === undefined ? undefined : preset * scale
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
  if (!(value >= least && value <= most) || (flag.whole !== false && !Number.isInteger(value))) {
    const kind = flag.whole === false ? 'a number' : 'a whole number'
    throw new UserError(`${flag.flag} must be ${kind} from ${least} to ${most}, not "${text}"`)
  }
  return value * scale
}
