import type { RedisClientType } from '@redis/client'
import type { BusStatus } from '../../bus.ts'
import type { BusError } from '../../bus-error.ts'
import type { Login } from '../options.ts'
import { RedisPair } from '../redis-pair.ts'
import { ReplicaFence } from '../replica-fence.ts'
import type { Script } from '../scripts.ts'
import { SubscriptionTable } from '../subscription-table.ts'
import type { Locator } from './locator.ts'

/** What all shards of one bus have in common. */
export interface ShardCommon {
  readonly login: Login
  readonly maxInFlight: number
  readonly scripts: readonly Script[]
  readonly batched: Script
  /** The pub/sub channel of an oyez channel. */
  readonly nameOf: (channel: string) => string
  /** With broadcast routing: the pub/sub channel that carries all hints. */
  readonly allHints: string | undefined
  readonly inCluster: boolean
  readonly examine: ((client: RedisClientType) => Promise<void>) | undefined
  /** Redis answered that it takes no writes at present. */
  readonly onRefusal: (error: BusError) => void
}

export interface RedisShardOptions {
  readonly common: ShardCommon
  readonly locator: Locator
  /** For messages, while it is not known where the master is. */
  readonly address: string
  readonly probeName: string
  readonly onHint: (table: SubscriptionTable, name: string, message: Buffer) => void
  readonly onStatus: (status: BusStatus) => void
  readonly onKicked?: ((channels: readonly string[]) => void) | undefined
  readonly onTrouble?: (() => void) | undefined
}

/** One master with all that this node has of it: its connections, its subscriptions, and the way to ask for its replicas. */
export class RedisShard {
  readonly table: SubscriptionTable
  readonly pair: RedisPair
  readonly fence: ReplicaFence

  constructor(options: RedisShardOptions) {
    const { common, probeName, locator, address } = options
    const { allHints, inCluster } = common
    this.table = new SubscriptionTable({
      nameOf: common.nameOf,
      sharded: inCluster,
      always: allHints === undefined ? [probeName] : [probeName, allHints],
      perChannel: allHints === undefined,
      onMessage: (name, message) => this.#onMessage(options, name, message),
      onKicked: options.onKicked,
    })
    this.pair = new RedisPair({
      locator,
      address,
      login: common.login,
      maxInFlight: common.maxInFlight,
      scripts: common.scripts,
      batched: common.batched,
      table: this.table,
      probeName,
      inCluster,
      examine: common.examine,
      onRefusal: common.onRefusal,
      onStatus: options.onStatus,
      onTrouble: options.onTrouble,
    })
    this.fence = new ReplicaFence({
      endpoint: () => this.pair.endpoint,
      login: common.login,
      address: () => this.pair.address,
      askDurability: (client) => this.pair.askDurability(client),
    })
  }

  close(): void {
    this.pair.close()
    this.fence.close()
  }

  #onMessage({ probeName, onHint, onStatus }: RedisShardOptions, name: string, message: Buffer): void {
    // Nothing may be thrown into the parser of the library: it would lose the rest of the chunk.
    try {
      if (name === probeName) this.pair.heardProbe(message)
      else onHint(this.table, name, message)
    } catch {
      onStatus({ state: 'gap' })
    }
  }
}
