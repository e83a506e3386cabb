import type { RedisClientType } from '@redis/client'
import type { BusStatus } from '../bus.ts'
import type { BusError } from '../bus-error.ts'
import type { Login } from './options.ts'
import type { Script } from './scripts.ts'
import type { SubscriptionTable } from './subscription-table.ts'
import type { Locator } from './topology/locator.ts'

/** What a pair of connections to one master is made of. */
export interface RedisPairOptions {
  readonly locator: Locator
  readonly login: Login
  /** For messages, while it is not known where the master is. */
  readonly address: string
  readonly maxInFlight: number
  readonly scripts: readonly Script[]
  /** One of the scripts: it takes many items at a time. */
  readonly batched: Script
  readonly table: SubscriptionTable
  /** The pub/sub channel on which this node hears its own probes; one of those that the table always subscribes. */
  readonly probeName: string
  /** A master of a Cluster: its state is watched, too, and its subscriptions are counted. */
  readonly inCluster: boolean
  /** Looks at the first connection of `RedisPair.connect` before anything else is done with it; rejects to end the start. */
  readonly examine?: ((client: RedisClientType) => Promise<void>) | undefined
  readonly onStatus: (status: BusStatus) => void
  /** Redis answered that it takes no writes at present: no memory, no disk, too few replicas, or no right. */
  readonly onRefusal: (error: BusError) => void
  /** A connection was lost or could not be made, or Redis said that the keys may be elsewhere. */
  readonly onTrouble?: (() => void) | undefined
}
