/** What the parts of the work cost: microseconds of CPU, bytes of resident memory. */
export interface UnitCosts {
  /** Writing one publication to one subscriber, each a write of its own; measured with 500 subscribers on a node. */
  readonly deliveryUs: number
  /** The same with 8,000 subscribers on a node, whose sockets fall out of the processor's caches from one publication to the next. */
  readonly coldDeliveryUs: number
  /** One publication of a client: read, checked, stored, answered; without what follows from it. */
  readonly publicationUs: number
  /** One publication heard by one node that has subscribers. */
  readonly hintUs: number
  readonly redisPublicationUs: number
  readonly redisHintUs: number
  /** Letting one client in: upgrade, connect, first answer. */
  readonly connectUs: number
  /** One ping and its pong. */
  readonly pingUs: number
  /** A node without clients, each second. */
  readonly idleNodeUs: number
  readonly connectionBytes: number
  /** One more subscription to a channel that others on the node have, too. */
  readonly subscriptionBytes: number
  /** A subscription to a channel that nobody else on the node has, and that channel: a personal one, for instance. */
  readonly ownChannelBytes: number
}

/** Where unit costs come from. */
export interface Measured<T> {
  readonly on: string
  readonly with: string
  readonly by: string
  readonly values: T
  /** The largest that took part: what goes beyond is computed. */
  readonly reach: { readonly connections: number; readonly nodes: number; readonly deliveriesPerSecond: number }
}

/**
 * Medians of three rounds at a low rate, where each publication wakes every process by itself: the dear side. Measure your own machine with the same command; the ratios travel better than
 * the figures.
 */
export const MEASURED: Measured<UnitCosts> = {
  on: '2026-11-24',
  with: '2 cores of an AMD EPYC that others kept busy at the same time (load 20), Debian 12, Node 20.20.2, Redis 7.0.15',
  by: 'npm run bench -- --curve',
  reach: { connections: 10_000, nodes: 8, deliveriesPerSecond: 20_000 },
  values: {
    deliveryUs: 6.67,
    coldDeliveryUs: 10.6,
    publicationUs: 304,
    hintUs: 187,
    redisPublicationUs: 77.1,
    redisHintUs: 7.87,
    connectUs: 336,
    pingUs: 32.7,
    idleNodeUs: 1_570,
    connectionBytes: 8_430,
    subscriptionBytes: 489,
    ownChannelBytes: 2_210,
  },
}
