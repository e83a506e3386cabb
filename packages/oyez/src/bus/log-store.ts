import type { Position } from '../protocol/position.ts'
import type { AppendRequest, AppendResult, ReadRequest, ReadResult } from './bus.ts'
import { CHANNEL_LOG_LIMITS, ChannelLog, type ChannelLogLimits, type Clock } from './channel-log.ts'

/** How a store of channel logs keeps time and what it holds at most. */
export interface LogStoreOptions extends Partial<ChannelLogLimits> {
  /**
   * Logs kept at once. Above it, a log that was not used lately is forgotten; its subscribers are told of a new log. @default 1_000_000
   */
  readonly maxLogs?: number | undefined
  /** Milliseconds from any fixed moment. @default the process's monotonic clock */
  readonly now?: Clock | undefined
}

const SWEEP_INTERVAL_MS = 1_000
/** A log that is begun only to remember that a producer is closed is kept so long. */
const CLOSED_PRODUCER_MS = 3_600_000
const SWEEP_BATCH = 10_000

/**
 * The logs of all channels, in the memory of this process: what a `MemoryBroker` and a `WorkerBroker` keep. All verbs are synchronous, each
 * one atomic step.
 */
export class LogStore {
  readonly #now: Clock
  readonly #maxLogs: number
  readonly #limits: ChannelLogLimits
  readonly #logs = new Map<string, ChannelLog>()
  readonly #used = new Set<ChannelLog>()
  #sweeping: IterableIterator<[string, ChannelLog]> | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(options: LogStoreOptions = {}) {
    this.#now = options.now ?? (() => performance.now())
    this.#maxLogs = options.maxLogs ?? 1_000_000
    this.#limits = {
      maxProducers: options.maxProducers ?? CHANNEL_LOG_LIMITS.maxProducers,
      maxKeys: options.maxKeys ?? CHANNEL_LOG_LIMITS.maxKeys,
    }
  }

  /** Logs held. */
  get size(): number {
    return this.#logs.size
  }

  append(request: AppendRequest): AppendResult {
    return this.#open(request.channel, request.retention.metaTtlMs).append(request)
  }

  /** A read of an unknown channel begins its log, so that no subscriber is without an epoch. */
  read(request: ReadRequest): ReadResult {
    return this.#open(request.channel, request.retention.metaTtlMs).read(request)
  }

  /** Forbids further records of a producer, also where there is no log yet. @returns the last sequence number stored, 0 for none */
  closeProducer(channel: string, producerId: string): number {
    return this.#open(channel, CLOSED_PRODUCER_MS).closeProducer(producerId)
  }

  heads(channels: readonly string[]): (Position | undefined)[] {
    return channels.map((channel) => this.#living(channel)?.head)
  }

  /** Begins to free, little by little, what has expired. Does not keep the process alive. */
  startSweeping(): void {
    this.#timer ??= setInterval(() => this.sweep(SWEEP_BATCH), SWEEP_INTERVAL_MS).unref()
  }

  stopSweeping(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#sweeping = undefined
  }

  /** Looks at the next `count` logs, or at all that are left in this round, and frees what has expired. */
  sweep(count: number): void {
    this.#sweeping ??= this.#logs.entries()
    for (let seen = 0; seen < count; seen++) {
      const next = this.#sweeping.next()
      if (next.done === true) {
        this.#sweeping = undefined
        return
      }
      const [channel, log] = next.value
      if (log.expired) this.#forget(channel, log)
      else log.sweep()
    }
  }

  #living(channel: string): ChannelLog | undefined {
    const log = this.#logs.get(channel)
    if (log?.expired !== true) return log
    this.#forget(channel, log)
    return undefined
  }

  #open(channel: string, metaTtlMs: number): ChannelLog {
    let log = this.#living(channel)
    if (log === undefined) {
      if (this.#logs.size >= this.#maxLogs) this.#makeRoom()
      log = new ChannelLog(this.#now, metaTtlMs, this.#limits)
      this.#logs.set(channel, log)
    } else if (this.#logs.size >= this.#maxLogs) {
      this.#used.add(log)
    }
    return log
  }

  // Second chance: a log that was used since it was last looked at goes to the end of the line. Costs nothing below the limit.
  #makeRoom(): void {
    for (const [channel, log] of this.#logs) {
      if (!this.#used.delete(log)) {
        this.#forget(channel, log)
        return
      }
      this.#logs.delete(channel)
      this.#logs.set(channel, log)
    }
  }

  #forget(channel: string, log: ChannelLog): void {
    this.#logs.delete(channel)
    this.#used.delete(log)
  }
}
