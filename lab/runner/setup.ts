/** What stands behind the nodes. */
export type StoreKind = 'redis' | 'redis-rdb' | 'redis-aof' | 'sentinel' | 'cluster' | 'worker'

/** What a scenario needs. */
export interface Setup {
  readonly store: StoreKind
  readonly nodes: number
  /** Clients with oyez's own library. */
  readonly subscribers: number
  /** Clients with the official Centrifuge library. */
  readonly centrifuges: number
  /** Processes for the oyez clients. */
  readonly subscriberProcesses: number
  readonly publishers: number
  /** Messages a second of each publisher. */
  readonly perSecond: number
  readonly busy: number
  readonly still: number
  readonly stillEveryMs: number
  /** Whether every channel, the idle ones too, is spoken on at the start. Without it no publisher can put anything back on the idle ones. */
  readonly firstWords: boolean
  readonly payloadBytes: number
  readonly historySize: number
  /** What clients connect to: a fault proxy before each node, or a load balancer. */
  readonly front: 'proxies' | 'nginx' | 'haproxy'
  readonly mutant?: string | undefined
}

export const DEFAULT_SETUP: Setup = {
  store: 'redis',
  nodes: 3,
  subscribers: 30,
  centrifuges: 0,
  subscriberProcesses: 1,
  publishers: 3,
  perSecond: 20,
  busy: 1,
  still: 8,
  stillEveryMs: 500,
  firstWords: true,
  payloadBytes: 0,
  historySize: 1_000_000,
  front: 'proxies',
}
