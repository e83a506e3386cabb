import type { Position } from '../protocol/position.ts'
import { type AppendRequest, type AppendResult, EMPTY_LOG_MS, type ReadRequest, type ReadResult } from './bus.ts'
import { CHANNEL_LOG_LIMITS, ChannelLog, type ChannelLogLimits, type Clock, readOfNoLog } from './channel-log.ts'

/** How a store of channel logs keeps time and what it holds at most. */
export interface LogStoreOptions extends Partial<ChannelLogLimits> {
  /**
   * Logs kept at once. Above it, a log that was not used lately is forgotten; its subscribers are told of a new log. @default 1_000_000
   */
  readonly maxLogs?: number | undefined
  /**
   * Logs without any record kept at once, beside the others: identities that subscribers of unknown names were given. Above it, the one that was
   * not asked for longest is forgotten; its subscribers are told of a new log. @default 100_000
   */
  readonly maxEmptyLogs?: number | undefined
  /** Milliseconds from any fixed moment. @default the process's monotonic clock */
  readonly now?: Clock | undefined
}

const SWEEP_INTERVAL_MS = 1_000
const SWEEP_BATCH = 10_000

/**
 * The logs of all channels, in the memory of this process: what a `MemoryBroker` and a `WorkerBroker` keep. All verbs are synchronous, each
 * one atomic step.
 */
export class LogStore {
  readonly #now: Clock
  readonly #maxLogs: number
  readonly #maxEmptyLogs: number
  readonly #limits: ChannelLogLimits
  /** Logs without any record, the one extended longest ago first. Apart from the others, so that names that somebody invents push out no real log. */
  readonly #empty = new Map<string, ChannelLog>()
  readonly #logs = new Map<string, ChannelLog>()
  readonly #used = new Set<ChannelLog>()
  #sweeping: Iterator<[string, ChannelLog]> | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(options: LogStoreOptions = {}) {
    this.#now = options.now ?? (() => performance.now())
    this.#maxLogs = options.maxLogs ?? 1_000_000
    this.#maxEmptyLogs = options.maxEmptyLogs ?? 100_000
    this.#limits = {
      maxProducers: options.maxProducers ?? CHANNEL_LOG_LIMITS.maxProducers,
      maxKeys: options.maxKeys ?? CHANNEL_LOG_LIMITS.maxKeys,
    }
  }

  /** Logs held. */
  get size(): number {
    return this.#logs.size + this.#empty.size
  }

  append(request: AppendRequest): AppendResult {
    const { channel } = request
    const empty = this.#living(this.#empty, channel)
    const living = empty ?? this.#living(this.#logs, channel)
    const log = living ?? new ChannelLog(this.#now, request.retention.metaTtlMs, this.#limits)
    const result = log.append(request)
    if (living !== undefined && living !== empty) {
      if (this.#logs.size >= this.#maxLogs) this.#used.add(log)
    } else if (log.head.offset > 0) {
      this.#empty.delete(channel)
      if (this.#logs.size >= this.#maxLogs) this.#makeRoom()
      this.#logs.set(channel, log)
    }
    return result
  }

  /** Begins the log of an unknown channel only for a read that says `mint`. */
  read(request: ReadRequest): ReadResult {
    const { channel, retention } = request
    const log =
      this.#find(channel) ??
      (request.mint === true ? this.#begin(channel, Math.min(retention.metaTtlMs, EMPTY_LOG_MS)) : undefined)
    return log === undefined ? readOfNoLog(request) : log.read(request)
  }

  /** Forbids further records of a producer, also where there is no log yet. @returns the last sequence number stored, 0 for none */
  closeProducer(channel: string, producerId: string, owner?: string): number {
    const log = this.#find(channel) ?? this.#begin(channel, EMPTY_LOG_MS)
    const last = log.closeProducer(producerId, owner)
    log.extendEmpty(EMPTY_LOG_MS)
    return last
  }

  heads(channels: readonly string[]): (Position | undefined)[] {
    return channels.map((channel) => {
      const log = this.#find(channel)
      if (log?.extendEmpty(EMPTY_LOG_MS) === true) {
        this.#empty.delete(channel)
        this.#empty.set(channel, log)
      }
      return log?.head
    })
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
    this.#sweeping ??= this.#everything()
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

  *#everything(): Generator<[string, ChannelLog]> {
    yield* this.#empty
    yield* this.#logs
  }

  #find(channel: string): ChannelLog | undefined {
    const log = this.#living(this.#empty, channel)
    if (log !== undefined) return log
    const kept = this.#living(this.#logs, channel)
    if (kept !== undefined && this.#logs.size >= this.#maxLogs) this.#used.add(kept)
    return kept
  }

  #living(logs: ReadonlyMap<string, ChannelLog>, channel: string): ChannelLog | undefined {
    const log = logs.get(channel)
    if (log?.expired !== true) return log
    this.#forget(channel, log)
    return undefined
  }

  #begin(channel: string, ms: number): ChannelLog {
    if (this.#empty.size >= this.#maxEmptyLogs) {
      for (const [oldest, log] of this.#empty) {
        this.#forget(oldest, log)
        break
      }
    }
    const log = new ChannelLog(this.#now, ms, this.#limits)
    this.#empty.set(channel, log)
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
    if (this.#empty.get(channel) === log) this.#empty.delete(channel)
    else this.#logs.delete(channel)
    this.#used.delete(log)
  }
}
