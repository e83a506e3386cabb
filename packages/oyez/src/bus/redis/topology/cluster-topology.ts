import type { RedisArgument } from '@redis/client'
import type { AppendAck, BusStatus } from '../../bus.ts'
import { BusError } from '../../bus-error.ts'
import { APPEND_CODE } from '../append-script.ts'
import { KeySpace } from '../key-space.ts'
import type { Endpoint } from '../options.ts'
import { type CallKind, toBusError } from '../redis-error-table.ts'
import type { BatchedCall } from '../redis-calls.ts'
import type { ScriptCall } from '../scripts.ts'
import { ClusterAtlas } from './cluster-atlas.ts'
import { ClusterInterest } from './cluster-interest.ts'
import { ClusterLane, type LaneHost, runAt } from './cluster-lane.ts'
import { ClusterShards } from './cluster-shards.ts'
import { partitionOf, PARTITIONS, tagOfPartition } from './partition.ts'
import type { RedisPair } from '../redis-pair.ts'
import type { RedisShard } from './redis-shard.ts'
import type { TopologyOptions } from './static-topology.ts'
import { StatusJoin } from './status-join.ts'
import type { AppendCall, Topology, TopologyHost } from './topology.ts'

/**
 * A Redis Cluster. Channels are kept in partitions, each with one hash slot; a supervised pair of connections goes to each master that has one. We keep the
 * map of the slots ourselves, because we have to know exactly when a subscription is live again, and for which channels something may have been missed.
 */
export class ClusterTopology implements Topology {
  readonly keys: KeySpace
  readonly #join: StatusJoin
  readonly #shards: ClusterShards
  readonly #atlas: ClusterAtlas
  readonly #interest: ClusterInterest
  readonly #lanes: readonly ClusterLane[]
  #state: 'idle' | 'starting' | 'running' | 'closed' = 'idle'

  constructor(options: TopologyOptions, host: TopologyHost) {
    const { redis, self } = options
    const [place] = redis.places
    if (place?.kind !== 'cluster') throw new TypeError('this is no Redis Cluster')
    this.keys = new KeySpace(redis.prefix, { tagOf: (channel) => tagOfPartition(partitionOf(channel)) })
    this.#join = new StatusJoin((status) => host.onStatus(status))
    this.#shards = new ClusterShards({
      common: {
        login: place.login,
        maxInFlight: redis.maxInFlight,
        scripts: options.scripts,
        batched: options.batched,
        nameOf: (channel) => this.keys.hints(channel),
        allHints: undefined,
        inCluster: true,
        examine: (client) => options.examine(client, place),
        onRefusal: (error) => host.onRefusal(error),
      },
      probeName: (number) => this.keys.probe(`${self}.${number}`),
      onHint: (table, name, message) => host.onHint(table, name, message),
      onStatus: (shard, status) => this.#hear(shard, status),
      onKicked: (channels) => this.#interest.lost(channels),
      onTrouble: () => this.#atlas.refreshSoon(),
    })
    this.#atlas = new ClusterAtlas({
      seeds: place.seeds,
      login: place.login,
      shards: this.#shards,
      join: this.#join,
      onMoved: (partition, from) => this.#interest.follow(partition, from),
    })
    this.#interest = new ClusterInterest({ atlas: this.#atlas, onGap: (channels) => this.#join.gap(channels) })
    this.#lanes = Array.from(
      { length: PARTITIONS },
      (_, partition) => new ClusterLane(this.#laneHost(partition), options.batched),
    )
  }

  hintName(channel: string): string {
    return this.keys.hints(channel)
  }

  get closed(): boolean {
    return this.#state === 'closed'
  }

  get reconnects(): number {
    return this.#shards.reconnects
  }

  async connect(): Promise<void> {
    if (this.#state !== 'idle') throw new TypeError('RedisBus.start was called before')
    this.#state = 'starting'
    const shards = await this.#atlas.open()
    await Promise.all(
      shards.map(async ({ pair }) => {
        try {
          await pair.connect()
        } catch (error) {
          throw toBusError(error, 'read', pair.address)
        }
      }),
    )
  }

  announce(): void {
    if (this.#state !== 'starting') return
    this.#state = 'running'
    this.#join.announce()
    this.#atlas.run()
  }

  sampleChannels(base: string): string[] {
    const samples = new Map<RedisShard | undefined, string>()
    const wanted = this.#atlas.owners.size
    for (let n = 0; samples.size < wanted && n < 100_000; n++) {
      const channel = `${base}/${n}`
      const shard = this.#atlas.shardOf(partitionOf(channel))
      if (!samples.has(shard)) samples.set(shard, channel)
    }
    return [...samples.values()]
  }

  append({ channel, argsAt }: AppendCall): Promise<unknown> {
    const partition = partitionOf(channel)
    const keys = [this.keys.meta(channel), this.keys.log(channel)]
    return this.#lane(partition).append({ keys, argsAt, group: partition })
  }

  async run(kind: CallKind, channel: string, call: ScriptCall): Promise<unknown> {
    const lane = this.#lane(partitionOf(channel))
    const send = (pair: RedisPair, isAsking: boolean): Promise<unknown> => runAt(pair, kind, { call, isAsking })
    if (call.keys.length <= 2) return lane.follow(send)
    // Keys of several channels may be at two nodes while their slot moves: then there is no place for this call, and its caller has to ask for each.
    const { pair } = this.#shardOf(channel)
    return send(pair, false)
  }

  async publish(channel: string, name: string, payload: RedisArgument): Promise<void> {
    await this.#lane(partitionOf(channel)).follow((pair) =>
      pair.calls.call('write', (client) => client.sendCommand(['SPUBLISH', name, payload])),
    )
  }

  together(channels: readonly string[]): string[][] {
    const groups = new Map<number, string[]>()
    for (const channel of channels) {
      const partition = partitionOf(channel)
      const own = groups.get(partition)
      if (own === undefined) groups.set(partition, [channel])
      else own.push(channel)
    }
    return [...groups.values()]
  }

  subscribe(channels: readonly string[]): Promise<void> {
    return this.#interest.subscribe(channels)
  }

  unsubscribe(channels: readonly string[]): Promise<void> {
    return this.#interest.unsubscribe(channels)
  }

  sawEpoch(channel: string, epoch: string): void {
    this.#atlas.shardOf(partitionOf(channel))?.pair.sawEpoch(epoch)
  }

  async secure(channel: string, epoch: string, ack: AppendAck): Promise<void> {
    if (ack === 'accepted') return
    await this.#shardOf(channel).fence.pass(this.keys.fence(channel), epoch, ack)
  }

  checkAck(channel: string, ack: AppendAck): void {
    this.#shardOf(channel).pair.checkAck(ack)
  }

  async confirm(channel: string): Promise<boolean> {
    const { pair } = this.#shardOf(channel)
    const [isUp, agreed] = await Promise.all([pair.confirm(), this.#atlas.confirms(partitionOf(channel))])
    return isUp && agreed
  }

  refuseWhenUnusable(): void {
    if (this.#state === 'closed') throw new BusError('closed', 'the bus was closed')
    if (this.#state === 'idle') throw new BusError('unavailable', 'the bus was not started')
  }

  close(): void {
    this.#state = 'closed'
    this.#atlas.close()
    this.#interest.close()
    this.#shards.close()
  }

  #lane(partition: number): ClusterLane {
    this.refuseWhenUnusable()
    const lane = this.#lanes[partition]
    if (lane === undefined) throw new BusError('unavailable', 'there is no such partition')
    return lane
  }

  #shardOf(channel: string): RedisShard {
    this.refuseWhenUnusable()
    const shard = this.#atlas.shardOf(partitionOf(channel))
    if (shard === undefined)
      throw new BusError('unavailable', 'no node of the Redis Cluster has the slot of this channel')
    return shard
  }

  #hear(shard: RedisShard, status: BusStatus): void {
    if (status.state === 'gap') return this.#join.gap(status.channels ?? shard.table.channels())
    this.#atlas.heard(shard, status.state === 'down' ? status.error : undefined)
  }

  #laneHost(partition: number): LaneHost {
    return {
      owner: () => this.#atlas.shardOf(partition)?.pair,
      pairAt: (endpoint: Endpoint) => this.#shards.at(endpoint).pair,
      refresh: (hint) => this.#atlas.refresh(hint === undefined ? undefined : { partition, owner: hint }),
      onStoredElsewhere: (call, reply) => this.#echo(partition, call, reply),
    }
  }

  /**
   * While a slot moves, the new node stores and the old one still has all the subscribers: they are told there. It costs nothing if it fails, for the log has
   * the record.
   */
  #echo(partition: number, { argsAt }: BatchedCall, reply: unknown): void {
    const pair = this.#atlas.shardOf(partition)?.pair
    if (pair === undefined || !Array.isArray(reply) || reply[0] !== APPEND_CODE.appended) return
    const [record = '', name = '', head = ''] = argsAt(pair.calls.clock)
    const [epoch, offset] = [String(reply[1]), String(reply[2])]
    const position = `${String.fromCharCode(epoch.length)}${epoch}${String.fromCharCode(offset.length)}${offset}`
    const payload = Buffer.concat([bytesOf(head), bytesOf(position), bytesOf(record)])
    pair.calls.call('read', (client) => client.sendCommand(['SPUBLISH', name, payload])).catch(() => undefined)
  }
}

function bytesOf(argument: RedisArgument): Buffer {
  return typeof argument === 'string' ? Buffer.from(argument, 'latin1') : argument
}
