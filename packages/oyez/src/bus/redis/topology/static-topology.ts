import type { RedisArgument, RedisClientType } from '@redis/client'
import type { AppendAck, BusStatus } from '../../bus.ts'
import { BusError } from '../../bus-error.ts'
import { KeySpace } from '../key-space.ts'
import type { Place, ResolvedRedisOptions } from '../options.ts'
import { type CallKind, toBusError } from '../redis-error-table.ts'
import type { Script, ScriptCall } from '../scripts.ts'
import { FixedLocator, type Locator } from './locator.ts'
import { RedisShard } from './redis-shard.ts'
import { Rendezvous } from './rendezvous.ts'
import { SentinelLocator } from './sentinel-locator.ts'
import { StatusJoin } from './status-join.ts'
import type { AppendCall, Topology, TopologyHost } from './topology.ts'

/** What every topology is made of. */
export interface TopologyOptions {
  readonly redis: ResolvedRedisOptions
  /** This bus, for the names of its probes. */
  readonly self: string
  readonly scripts: readonly Script[]
  readonly batched: Script
  /** Looks at a connection of each master before the start goes on. */
  readonly examine: (client: RedisClientType, place: Place) => Promise<void>
}

/** One Redis or several independent ones; each may be behind sentinels. A channel belongs to the same one for ever. */
export class StaticTopology implements Topology {
  readonly keys: KeySpace
  readonly #shards: readonly RedisShard[]
  readonly #hintNames = new Map<RedisShard, (channel: string) => string>()
  readonly #rendezvous: Rendezvous
  readonly #join: StatusJoin

  constructor(options: TopologyOptions, host: TopologyHost) {
    const { redis, self } = options
    this.keys = new KeySpace(redis.prefix)
    this.#join = new StatusJoin((status) => host.onStatus(status))
    this.#rendezvous = new Rendezvous(redis.places.map(({ id }) => id))
    const isBroadcast = redis.routing === 'broadcast'
    this.#shards = redis.places.map((place, index) => {
      const names = new KeySpace(redis.prefix, { database: place.login.database })
      const nameOf = isBroadcast ? () => names.allHints : (channel: string) => names.hints(channel)
      const shard: RedisShard = new RedisShard({
        common: {
          login: place.login,
          maxInFlight: redis.maxInFlight,
          scripts: options.scripts,
          batched: options.batched,
          nameOf: (channel) => names.hints(channel),
          allHints: isBroadcast ? names.allHints : undefined,
          inCluster: false,
          examine: (client) => options.examine(client, place),
          onRefusal: (error) => host.onRefusal(error),
        },
        locator: locatorOf(place),
        address: place.address,
        probeName: names.probe(`${self}.${index}`),
        onHint: (table, name, message) => host.onHint(table, name, message),
        onStatus: (status) => this.#hear(shard, status),
      })
      this.#hintNames.set(shard, nameOf)
      return shard
    })
  }

  hintName(channel: string): string {
    return this.#hintNames.get(this.#shardOf(channel))?.(channel) ?? ''
  }

  get closed(): boolean {
    return this.#shards.some(({ pair }) => pair.closed)
  }

  get reconnects(): number {
    return this.#shards.reduce((sum, { pair }) => sum + pair.reconnects, 0)
  }

  async connect(): Promise<void> {
    await Promise.all(
      this.#shards.map(async ({ pair }) => {
        try {
          await pair.connect()
        } catch (error) {
          throw error instanceof TypeError ? error : toBusError(error, 'read', pair.address)
        }
      }),
    )
  }

  announce(): void {
    for (const shard of this.#shards) {
      this.#join.missing(shard, new BusError('unavailable', `Redis at ${shard.pair.address} is not connected`))
    }
    this.#join.announce()
    for (const { pair } of this.#shards) pair.announce()
  }

  sampleChannels(base: string): string[] {
    const samples: string[] = []
    for (const shard of this.#shards) {
      let n = 0
      while (this.#shardOf(`${base}/${n}`) !== shard) n++
      samples.push(`${base}/${n}`)
    }
    return samples
  }

  append({ channel, argsAt }: AppendCall): Promise<unknown> {
    const keys = [this.keys.meta(channel), this.keys.log(channel)]
    return this.#shardOf(channel).pair.calls.runBatched({ keys, argsAt, group: 0 })
  }

  run(kind: CallKind, channel: string, call: ScriptCall): Promise<unknown> {
    return this.#shardOf(channel).pair.calls.run(kind, call)
  }

  async publish(channel: string, name: string, payload: RedisArgument): Promise<void> {
    await this.#shardOf(channel).pair.calls.call('write', (client) => client.sendCommand(['PUBLISH', name, payload]))
  }

  together(channels: readonly string[]): string[][] {
    return [...this.#byShard(channels).values()]
  }

  async subscribe(channels: readonly string[]): Promise<void> {
    const added: [RedisShard, string[]][] = []
    const waits = [...this.#byShard(channels)].map(async ([shard, own]) => {
      const fresh = own.filter((channel) => !shard.table.wants(channel))
      try {
        await shard.table.subscribe(own)
        added.push([shard, fresh])
      } catch (error) {
        throw toBusError(error, 'read', shard.pair.address)
      }
    })
    const failed = (await Promise.allSettled(waits)).find((result) => result.status === 'rejected')
    if (failed === undefined) return
    // All or nothing: what the others have taken is given back.
    await Promise.all(added.map(([shard, fresh]) => shard.table.unsubscribe(fresh)))
    throw failed.reason
  }

  async unsubscribe(channels: readonly string[]): Promise<void> {
    await Promise.all([...this.#byShard(channels)].map(([shard, own]) => shard.table.unsubscribe(own)))
  }

  sawEpoch(channel: string, epoch: string): void {
    this.#shardOf(channel).pair.sawEpoch(epoch)
  }

  secure(channel: string, epoch: string, ack: AppendAck): Promise<void> {
    if (ack === 'accepted') return Promise.resolve()
    return this.#shardOf(channel).fence.pass(this.keys.fence(channel), epoch, ack)
  }

  checkAck(channel: string, ack: AppendAck): void {
    this.#shardOf(channel).pair.checkAck(ack)
  }

  confirm(channel: string): Promise<boolean> {
    return this.#shardOf(channel).pair.confirm()
  }

  refuseWhenUnusable(): void {
    for (const { pair } of this.#shards) pair.refuseWhenUnusable()
  }

  close(): void {
    for (const shard of this.#shards) shard.close()
  }

  #hear(shard: RedisShard, status: BusStatus): void {
    if (status.state === 'up') this.#join.present(shard)
    else if (status.state === 'down') this.#join.missing(shard, status.error)
    else if (status.state === 'refusing') return
    else if (this.#shards.length === 1) this.#join.gap(status.channels)
    else this.#join.gap(status.channels ?? shard.table.channels())
  }

  #shardOf(channel: string): RedisShard {
    const [only] = this.#shards
    const shard = this.#shards.length === 1 ? only : this.#shards[this.#rendezvous.placeOf(channel)]
    if (shard === undefined) throw new BusError('unavailable', 'there is no Redis')
    return shard
  }

  #byShard(channels: readonly string[]): Map<RedisShard, string[]> {
    const groups = new Map<RedisShard, string[]>()
    for (const channel of channels) {
      const shard = this.#shardOf(channel)
      const own = groups.get(shard)
      if (own === undefined) groups.set(shard, [channel])
      else own.push(channel)
    }
    return groups
  }
}

function locatorOf(place: Place): Locator {
  switch (place.kind) {
    case 'standalone':
      return new FixedLocator(place.endpoint)
    case 'sentinel':
      return new SentinelLocator({ name: place.name, seeds: place.seeds, login: place.sentinelLogin })
    case 'cluster':
      throw new TypeError('a Redis Cluster is no single place')
  }
}
