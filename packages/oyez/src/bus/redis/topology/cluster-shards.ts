import type { BusStatus } from '../../bus.ts'
import { BusError } from '../../bus-error.ts'
import { addressOf, type Endpoint } from '../options.ts'
import type { SubscriptionTable } from '../subscription-table.ts'
import { FixedLocator } from './locator.ts'
import { RedisShard, type ShardCommon } from './redis-shard.ts'
import type { Respondent } from './cluster-survey.ts'

export interface ClusterShardsOptions {
  readonly common: ShardCommon
  readonly probeName: (number: number) => string
  readonly onHint: (table: SubscriptionTable, name: string, message: Buffer) => void
  readonly onStatus: (shard: RedisShard, status: BusStatus) => void
  readonly onKicked: (channels: readonly string[]) => void
  readonly onTrouble: () => void
}

/** A master that has nothing of ours any more is left after this time: calls that went to it are answered by then. */
const RETIRE_MS = 10_000

/** The masters of a Cluster that this node is connected to, by address. */
export class ClusterShards {
  readonly #options: ClusterShardsOptions
  readonly #shards = new Map<string, RedisShard>()
  readonly #retiring = new Map<RedisShard, NodeJS.Timeout>()
  #number = 0
  #pastReconnects = 0
  #closed = false

  constructor(options: ClusterShardsOptions) {
    this.#options = options
  }

  get reconnects(): number {
    let sum = this.#pastReconnects
    for (const { pair } of this.#shards.values()) sum += pair.reconnects
    return sum
  }

  /** The master there; made, and left to connect by itself, if there is none. */
  at(endpoint: Endpoint): RedisShard {
    const known = this.#shards.get(addressOf(endpoint))
    if (known !== undefined) return known
    const shard = this.make(endpoint)
    if (!this.#closed) shard.pair.begin()
    this.retire(shard)
    return shard
  }

  /** A master that is not connected yet. */
  make(endpoint: Endpoint): RedisShard {
    const options = this.#options
    const address = addressOf(endpoint)
    const shard: RedisShard = new RedisShard({
      common: options.common,
      locator: new FixedLocator(endpoint),
      address,
      probeName: options.probeName(++this.#number),
      onHint: options.onHint,
      onStatus: (status) => options.onStatus(shard, status),
      onKicked: options.onKicked,
      onTrouble: options.onTrouble,
    })
    if (this.#closed) shard.close()
    this.#shards.set(address, shard)
    return shard
  }

  /** The master is needed for good. */
  keep(shard: RedisShard): void {
    clearTimeout(this.#retiring.get(shard))
    this.#retiring.delete(shard)
  }

  /** The master has nothing of ours: it is left after a while, unless it is kept again. */
  retire(shard: RedisShard): void {
    if (this.#retiring.has(shard) || this.#closed) return
    const timer = setTimeout(() => {
      this.#retiring.delete(shard)
      this.#pastReconnects += shard.pair.reconnects
      for (const [address, other] of this.#shards) if (other === shard) this.#shards.delete(address)
      shard.close()
    }, RETIRE_MS)
    this.#retiring.set(shard, timer)
  }

  /** Those that can be asked now. */
  respondents(): Respondent[] {
    const respondents: Respondent[] = []
    for (const { pair } of this.#shards.values()) {
      if (pair.client !== undefined && pair.endpoint !== undefined)
        respondents.push({ client: pair.client, endpoint: pair.endpoint })
    }
    return respondents
  }

  /** @throws {BusError} after the end */
  refuseWhenClosed(): void {
    if (this.#closed) throw new BusError('closed', 'the bus was closed')
  }

  close(): void {
    this.#closed = true
    for (const timer of this.#retiring.values()) clearTimeout(timer)
    this.#retiring.clear()
    for (const shard of this.#shards.values()) shard.close()
  }
}
