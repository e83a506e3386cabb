import { BusError, joinedErrors } from '../../bus-error.ts'
import { addressOf, type Endpoint, type Login } from '../options.ts'
import { toBusError } from '../redis-error-table.ts'
import { bestOpinion, type ClusterMap, type ClusterOpinion } from './cluster-map.ts'
import type { ClusterShards } from './cluster-shards.ts'
import { survey, surveyByCalling } from './cluster-survey.ts'
import { PARTITIONS, slotOfPartition } from './partition.ts'
import type { RedisShard } from './redis-shard.ts'
import type { StatusJoin } from './status-join.ts'

export interface ClusterAtlasOptions {
  readonly seeds: readonly Endpoint[]
  readonly login: Login
  readonly shards: ClusterShards
  readonly join: StatusJoin
  /** A partition has another master than before. */
  readonly onMoved: (partition: number, from: RedisShard | undefined) => void
}

/** What a node has just said about a partition. */
export interface OwnerHint {
  readonly partition: number
  readonly owner: Endpoint
}

/** While all is well the map is compared with the Cluster so often. */
const CALM_MS = 10_000
/** While something is missing. */
const TROUBLE_MS = 250
const SOON_MS = 50
/** Nodes that are called when no connection answers. */
const MAX_CALLED = 16

/** Which master has which partition: asked of several nodes, of which the one that knows most counts. */
export class ClusterAtlas {
  readonly #options: ClusterAtlasOptions
  readonly #owners: (RedisShard | undefined)[] = Array.from({ length: PARTITIONS })
  #nodes: readonly Endpoint[]
  /** The highest that was heard of. */
  #epoch = 0
  #refreshing: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #isDueAt = Number.POSITIVE_INFINITY
  #state: 'idle' | 'running' | 'closed' = 'idle'

  constructor(options: ClusterAtlasOptions) {
    this.#options = options
    this.#nodes = options.seeds
  }

  /** The masters that have a partition. */
  get owners(): ReadonlySet<RedisShard> {
    return new Set(this.#owners.filter((shard) => shard !== undefined))
  }

  shardOf(partition: number): RedisShard | undefined {
    return this.#owners[partition]
  }

  /** Asks the seeds. @returns the masters, not connected yet @throws {BusError} when none of them can tell */
  async open(): Promise<RedisShard[]> {
    const { seeds, login, shards } = this.#options
    const problems = new Map<string, Error>()
    const best = bestOpinion(await surveyByCalling(seeds, login, problems))
    if (best === undefined) throw this.#nobodyKnows(problems)
    const [address = ''] = seeds.map(addressOf)
    const unowned = best.map.owners.indexOf(undefined)
    if (!best.isOk || unowned !== -1) {
      const why = best.isOk ? `nobody has slot ${slotOfPartition(unowned)}` : 'it says that it is down'
      throw new BusError('unavailable', `the Redis Cluster of ${address} cannot be used: ${why}`, {
        reason: 'CLUSTERDOWN',
      })
    }
    shards.refuseWhenClosed()
    const made = new Map<string, RedisShard>()
    for (const owner of best.map.owners) {
      if (owner !== undefined && !made.has(addressOf(owner))) made.set(addressOf(owner), shards.make(owner))
    }
    this.#epoch = best.epoch
    this.#apply(best.map)
    return [...made.values()]
  }

  /** Follows the Cluster from now on. */
  run(): void {
    if (this.#state !== 'idle') return
    this.#state = 'running'
    for (const { pair } of this.owners) pair.announce()
    this.#schedule(CALM_MS)
  }

  /** Looks at the Cluster again, or takes a node's word for one partition at once and looks soon. */
  async refresh(hint?: OwnerHint): Promise<void> {
    if (this.#state !== 'running') return
    if (hint !== undefined) {
      this.#assign(hint.partition, this.#options.shards.at(hint.owner))
      this.refreshSoon()
      return
    }
    this.#refreshing ??= this.#refreshNow().finally(() => (this.#refreshing = undefined))
    await this.#refreshing
  }

  refreshSoon(): void {
    if (this.#state === 'running') this.#schedule(SOON_MS)
  }

  /** A master works, or does not. */
  heard(shard: RedisShard, error: Error | undefined): void {
    const { join } = this.#options
    if (error !== undefined && this.#owners.includes(shard)) join.missing(shard, error)
    else join.present(shard)
    if (error !== undefined) this.refreshSoon()
  }

  /** Whether most masters say now that the partition is where we have it. */
  async confirms(partition: number): Promise<boolean> {
    const owner = this.#owners[partition]?.pair.endpoint
    const owners = this.owners
    const addresses = new Set([...owners].map(({ pair }) => pair.address))
    const masters = this.#options.shards.respondents().filter(({ endpoint }) => addresses.has(addressOf(endpoint)))
    const agreeing = (await survey(masters)).filter(({ map, isOk }) => {
      const said = map.owners[partition]
      return isOk && owner !== undefined && said !== undefined && addressOf(said) === addressOf(owner)
    })
    return agreeing.length * 2 > owners.size
  }

  close(): void {
    this.#state = 'closed'
    clearTimeout(this.#timer)
  }

  async #refreshNow(): Promise<void> {
    const opinions: ClusterOpinion[] = await survey(this.#options.shards.respondents())
    if (!opinions.some(({ isOk }) => isOk)) {
      const known = new Map([...this.#options.seeds, ...this.#nodes].map((node) => [addressOf(node), node]))
      for (const { endpoint } of this.#options.shards.respondents()) known.delete(addressOf(endpoint))
      const called = [...known.values()].sort(() => Math.random() - 0.5).slice(0, MAX_CALLED)
      opinions.push(...(await surveyByCalling(called, this.#options.login, new Map())))
    }
    const best = bestOpinion(opinions)
    if (best === undefined || this.#state !== 'running') return
    // Nodes that were cut off together know less than we do; most of the masters are believed whatever they say.
    if (best.epoch < this.#epoch && opinions.length * 2 <= this.owners.size) return
    this.#epoch = best.epoch
    this.#apply(best.map)
  }

  #apply(map: ClusterMap): void {
    const { shards, join } = this.#options
    this.#nodes = map.nodes
    let unowned: number | undefined
    for (const [partition, owner] of map.owners.entries()) {
      // Who had it keeps it: a call to it says more clearly what is wrong than no call.
      if (owner === undefined) unowned ??= partition
      else this.#assign(partition, shards.at(owner))
    }
    if (unowned === undefined) return join.present(this)
    const text = `no node of the Redis Cluster has slot ${slotOfPartition(unowned)}`
    join.missing(this, new BusError('unavailable', text, { reason: 'CLUSTERDOWN' }))
  }

  #assign(partition: number, shard: RedisShard): void {
    const before = this.#owners[partition]
    if (before === shard) return
    const { shards, join } = this.#options
    const isNew = !this.#owners.includes(shard)
    this.#owners[partition] = shard
    shards.keep(shard)
    if (isNew && !shard.pair.isUp) {
      join.missing(shard, new BusError('unavailable', `Redis at ${shard.pair.address} is not connected`))
    }
    if (before !== undefined && !this.#owners.includes(before)) {
      join.present(before)
      shards.retire(before)
    }
    if (this.#state === 'running') this.#options.onMoved(partition, before)
  }

  get #isTroubled(): boolean {
    const { join } = this.#options
    return join.isMissing(this) || [...this.owners].some((shard) => join.isMissing(shard))
  }

  #schedule(ms: number): void {
    // With jitter, for all nodes notice a failover in the same moment.
    const delay = ms * (0.7 + 0.6 * Math.random())
    const at = performance.now() + delay
    if (this.#state !== 'running' || at >= this.#isDueAt) return
    clearTimeout(this.#timer)
    this.#isDueAt = at
    this.#timer = setTimeout(() => {
      this.#isDueAt = Number.POSITIVE_INFINITY
      void this.refresh().finally(() => this.#schedule(this.#isTroubled ? TROUBLE_MS : CALM_MS))
    }, delay)
  }

  #nobodyKnows(problems: ReadonlyMap<string, Error>): BusError {
    const errors = [...problems].map(([address, problem]) => toBusError(problem, 'read', address))
    const [first] = errors
    if (errors.length === 1 && first !== undefined) return first
    const all = this.#options.seeds.map(addressOf).join(', ')
    const told = joinedErrors(errors)
    const isLocked = errors.length > 0 && errors.every(({ code }) => code === 'refused')
    return new BusError(
      isLocked ? 'refused' : 'unavailable',
      `no node of the Redis Cluster answers (${all}): ${first?.message ?? ''}`,
      { reason: told instanceof BusError ? told.reason : undefined },
    )
  }
}
