import { ErrorReply } from '@redis/client'
import { BusError } from '../../bus-error.ts'
import { errorWord, isElsewhere, toBusError } from '../redis-error-table.ts'
import type { ClusterAtlas } from './cluster-atlas.ts'
import { redirectOf } from './cluster-map.ts'
import { partitionOf } from './partition.ts'
import type { RedisShard } from './redis-shard.ts'

export interface ClusterInterestOptions {
  readonly atlas: ClusterAtlas
  /** These channels are live again after a time in which they may not have been. */
  readonly onGap: (channels: readonly string[]) => void
}

/** The bus contract: a call that could not be carried out rejects within 5 s. */
const DEADLINE_MS = 5_000
const PAUSE_MS = 50
const LONGEST_PAUSE_MS = 1_000

/**
 * Which channels are wanted in which partition, and sees to it that each partition's channels are subscribed on the master that has it: when a partition
 * moves, and when Redis ends subscriptions because a slot has left.
 */
export class ClusterInterest {
  readonly #options: ClusterInterestOptions
  readonly #wanted = new Map<number, Set<string>>()
  readonly #healing = new Set<number>()
  readonly #again = new Set<number>()
  readonly #moves = new Map<number, Set<() => void>>()
  #closed = false

  constructor(options: ClusterInterestOptions) {
    this.#options = options
  }

  /** Resolves when all are live; takes back what is new and rejects when that is not so in time. */
  async subscribe(channels: readonly string[]): Promise<void> {
    const end = performance.now() + DEADLINE_MS
    const groups = byPartition(channels)
    const added = new Map<number, string[]>()
    for (const [partition, own] of groups) {
      added.set(
        partition,
        own.filter((channel) => this.#wanted.get(partition)?.has(channel) !== true),
      )
      this.#want(partition, own)
    }
    const waits = [...groups].map(([partition, own]) => this.#settle(partition, own, end))
    const failed = (await Promise.allSettled(waits)).find((result) => result.status === 'rejected')
    if (failed === undefined) return
    await Promise.all([...added].map(([partition, own]) => this.#unwant(partition, own)))
    throw failed.reason
  }

  async unsubscribe(channels: readonly string[]): Promise<void> {
    await Promise.all([...byPartition(channels)].map(([partition, own]) => this.#unwant(partition, own)))
  }

  /** A partition has another master. */
  follow(partition: number, from: RedisShard | undefined): void {
    const channels = [...(this.#wanted.get(partition) ?? [])]
    if (from !== undefined) void from.table.unsubscribe(channels)
    for (const moved of this.#moves.get(partition) ?? []) moved()
    void this.#heal(partition)
  }

  /** Redis ended these subscriptions. */
  lost(channels: readonly string[]): void {
    this.#options.atlas.refreshSoon()
    for (const partition of byPartition(channels).keys()) void this.#heal(partition)
  }

  close(): void {
    this.#closed = true
    this.#wanted.clear()
    for (const moved of [...this.#moves.values()].flatMap((waiting) => [...waiting])) moved()
  }

  #want(partition: number, channels: readonly string[]): void {
    const wanted = this.#wanted.get(partition) ?? new Set()
    for (const channel of channels) wanted.add(channel)
    this.#wanted.set(partition, wanted)
  }

  async #unwant(partition: number, channels: readonly string[]): Promise<void> {
    const wanted = this.#wanted.get(partition)
    for (const channel of channels) wanted?.delete(channel)
    if (wanted?.size === 0) this.#wanted.delete(partition)
    await this.#options.atlas.shardOf(partition)?.table.unsubscribe(channels)
  }

  /** Subscribes on the master of the partition, wherever it goes meanwhile. */
  async #settle(partition: number, channels: readonly string[], end: number): Promise<void> {
    const { atlas } = this.#options
    while (!this.#closed) {
      const shard = atlas.shardOf(partition)
      try {
        if (shard !== undefined) {
          const subscribed = shard.table.subscribe(channels)
          const isLive = await this.#unlessMoved(partition, subscribed, end)
          if (isLive && atlas.shardOf(partition) === shard) return
        }
      } catch (error) {
        if (!isElsewhere(error)) throw toBusError(error, 'read', shard?.pair.address ?? '')
        await this.#lookAgain(partition, error, shard)
      }
      if (performance.now() > end) {
        throw new BusError(
          'unavailable',
          `no subscription within ${DEADLINE_MS} ms: the slot of these channels has no master that can be reached`,
        )
      }
      await pause()
    }
    throw new BusError('closed', 'the bus was closed')
  }

  /** @returns `false` when the partition went elsewhere, or the time is over, before the promise was kept */
  async #unlessMoved(partition: number, promise: Promise<void>, end: number): Promise<boolean> {
    promise.catch(() => undefined)
    const waiting = this.#moves.get(partition) ?? new Set()
    this.#moves.set(partition, waiting)
    let stop: () => void = () => undefined
    let timer: NodeJS.Timeout | undefined
    const stopped = new Promise<boolean>((resolve) => {
      stop = () => resolve(false)
      timer = setTimeout(stop, Math.max(0, end - performance.now()))
      waiting.add(stop)
    })
    try {
      return await Promise.race([promise.then(() => true), stopped])
    } finally {
      clearTimeout(timer)
      waiting.delete(stop)
      if (waiting.size === 0) this.#moves.delete(partition)
    }
  }

  /** Brings the subscriptions of a partition to its present master; one run at a time, and as often as needed. */
  async #heal(partition: number): Promise<void> {
    this.#again.add(partition)
    if (this.#healing.has(partition)) return
    this.#healing.add(partition)
    let failures = 0
    while (this.#again.has(partition) && !this.#closed) {
      this.#again.delete(partition)
      const shard = this.#options.atlas.shardOf(partition)
      const channels = [...(this.#wanted.get(partition) ?? [])]
      if (shard === undefined || channels.length === 0) continue
      try {
        // Without a connection nothing is live; when there is one again, all of it is, and the shard says so itself.
        const live = await shard.table.adopt(channels)
        if (live.length > 0) this.#options.onGap(live)
      } catch (error) {
        // A lost connection subscribes everything when it is back.
        if (!(error instanceof ErrorReply)) continue
        this.#again.add(partition)
        await this.#lookAgain(partition, error, shard)
        await pause(Math.min(PAUSE_MS * 2 ** failures++, LONGEST_PAUSE_MS))
      }
    }
    this.#healing.delete(partition)
  }

  async #lookAgain(partition: number, error: unknown, shard: RedisShard | undefined): Promise<void> {
    const text = error instanceof Error && errorWord(error) === 'MOVED' ? error.message : ''
    const owner = redirectOf(text, shard?.pair.endpoint)
    await this.#options.atlas.refresh(owner === undefined ? undefined : { partition, owner })
  }
}

function byPartition(channels: readonly string[]): Map<number, string[]> {
  const groups = new Map<number, string[]>()
  for (const channel of channels) {
    const partition = partitionOf(channel)
    const own = groups.get(partition)
    if (own === undefined) groups.set(partition, [channel])
    else own.push(channel)
  }
  return groups
}

function pause(ms = PAUSE_MS): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms * (0.5 + Math.random())))
}
