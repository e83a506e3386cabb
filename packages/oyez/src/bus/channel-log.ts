import type { BreakReason, Position } from '../protocol/position.ts'
import type {
  AppendRequest,
  AppendResult,
  ProducerStamp,
  ReadRequest,
  ReadResult,
  Retention,
  StoredRecord,
} from './bus.ts'
import { BusError } from './bus-error.ts'
import { OwnedKeys } from './owned-keys.ts'
import { RecentKeys } from './recent-keys.ts'

/** Milliseconds from any fixed moment; never runs backwards. */
export type Clock = () => number

/** Bounds on what one channel's log remembers of its publishers. */
export interface ChannelLogLimits {
  /** Producers remembered per channel; of the owner who has most, the one silent for longest is forgotten first. @default 10_000 */
  readonly maxProducers: number
  /** Idempotency keys remembered per channel; the oldest is forgotten first. @default 10_000 */
  readonly maxKeys: number
}

export const CHANNEL_LOG_LIMITS: ChannelLogLimits = { maxProducers: 10_000, maxKeys: 10_000 }

const KEY_TTL_MS = 5 * 60_000
const MAX_ID_BYTES = 64
const EPOCH_SHAPE = /^[\w-]{22}$/

interface KeptRecord {
  readonly record: Uint8Array
  readonly producer: ProducerStamp | undefined
}

/**
 * The log of one channel in memory: one incarnation and one term, so that its epoch is the incarnation alone. Nothing here waits: every
 * call is one atomic step.
 */
export class ChannelLog {
  readonly #epoch = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64url')
  readonly #now: Clock
  readonly #producers: OwnedKeys<number>
  readonly #closedProducers: OwnedKeys<number>
  readonly #keys: RecentKeys<{ readonly offset: number; readonly expiresAt: number }>
  #kept: KeptRecord[] = []
  #top = 0
  #lastAt = 0
  #keptUntil = 0
  #knownUntil: number

  /** @param metaTtlMs how long the identity lasts while nothing is appended, in milliseconds */
  constructor(now: Clock, metaTtlMs: number, limits: ChannelLogLimits = CHANNEL_LOG_LIMITS) {
    this.#now = now
    this.#knownUntil = now() + metaTtlMs
    this.#producers = new OwnedKeys(limits.maxProducers)
    this.#closedProducers = new OwnedKeys(limits.maxProducers)
    this.#keys = new RecentKeys(limits.maxKeys)
  }

  /** The newest position. */
  get head(): Position {
    return { epoch: this.#epoch, offset: this.#top }
  }

  /** Whether the identity may be forgotten: the log is then to be dropped as a whole. */
  get expired(): boolean {
    return this.#now() >= this.#knownUntil
  }

  /** Drops what its time has come for. Called by every verb; call it now and then to free memory of quiet channels. */
  sweep(): void {
    const now = this.#now()
    if (this.#kept.length > 0 && now >= this.#keptUntil) this.#kept = []
    this.#keys.dropOldestWhile((key) => now >= key.expiresAt)
  }

  /**
   * Stores the request's record unless it is a repetition or out of order. The bytes are not copied: they belong to the log from here on.
   *
   * @throws {BusError} `refused` for a producer id or idempotency key of more than 64 bytes.
   */
  append(request: AppendRequest): AppendResult {
    const { producer, idempotencyKey, retention } = request
    checkLength('producer id', producer?.id)
    checkLength('idempotency key', idempotencyKey)
    this.sweep()
    const repeated = this.#judge(producer, idempotencyKey)
    if (repeated !== undefined) return repeated

    const now = this.#now()
    this.#top += 1
    this.#kept.push({ record: request.record, producer })
    // An eighth more than asked for is kept, so that trimming costs nothing per record.
    if (this.#kept.length > retention.size + (retention.size >> 3)) {
      this.#kept.splice(0, this.#kept.length - retention.size)
    }
    if (producer !== undefined) this.#producers.set(producer.id, producer.seq, producer.owner ?? '')
    if (idempotencyKey !== undefined) {
      this.#keys.set(idempotencyKey, { offset: this.#top, expiresAt: now + KEY_TTL_MS })
    }
    this.#lastAt = now
    this.#keptUntil = now + retention.ttlMs
    this.#knownUntil = now + Math.max(retention.ttlMs, retention.metaTtlMs)
    return { kind: 'appended', position: this.head }
  }

  /**
   * Forbids further records of a producer. @returns the last sequence number stored under its id, 0 for none
   *
   * @throws {BusError} `refused` for an id of more than 64 bytes.
   */
  closeProducer(id: string, owner = ''): number {
    checkLength('producer id', id)
    const last = this.#closedProducers.get(id) ?? this.#producers.get(id) ?? 0
    this.#producers.delete(id)
    this.#closedProducers.set(id, last, owner)
    return last
  }

  /** Makes the identity of a log without records last until then at least, once a third of its time is over. */
  extendEmpty(ms: number): boolean {
    const now = this.#now()
    if (this.#top > 0 || this.#knownUntil - now >= (ms * 2) / 3) return false
    this.#knownUntil = now + ms
    return true
  }

  read(request: Omit<ReadRequest, 'channel' | 'mint'>): ReadResult {
    this.sweep()
    const reverse = request.reverse ?? false
    const floor = this.#floorFor(request.retention)
    const reason = request.after === undefined ? undefined : this.#reasonToBreak(request.after, reverse ? 0 : floor)
    if (reason !== undefined) {
      const fork = reason === 'fork' ? { fork: this.#top } : {}
      return { verdict: 'break', reason, head: this.head, ...fork }
    }
    const records = reverse
      ? this.#downFrom(request.after?.offset ?? this.#top + 1, { limit: request.limit, floor })
      : this.#upFrom(request.after?.offset ?? floor, request.limit)
    return { verdict: 'continue', records: withinBytes(records, request.maxBytes), head: this.head }
  }

  /** Offset of the newest record that is gone; 0 when all are here. */
  get #trimmed(): number {
    return this.#top - this.#kept.length
  }

  #judge(producer: ProducerStamp | undefined, key: string | undefined): AppendResult | undefined {
    if (producer !== undefined) {
      const closed = this.#closedProducers.get(producer.id)
      const last = closed ?? this.#producers.get(producer.id)
      if (closed !== undefined && producer.seq > closed) return { kind: 'unknown-producer' }
      if (last === undefined) {
        if (producer.seq !== 1) return { kind: 'unknown-producer' }
      } else if (producer.seq <= last) {
        return { kind: 'duplicate', position: { epoch: this.#epoch, offset: this.#find(producer) } }
      } else if (producer.seq !== last + 1) {
        return { kind: 'out-of-sequence', expected: last + 1 }
      }
    }
    const known = key === undefined ? undefined : this.#keys.get(key)
    return known && { kind: 'duplicate', position: { epoch: this.#epoch, offset: known.offset } }
  }

  // A repetition is nearly always a recent one. Of a record that is gone, it is only known that it stood below all that are kept.
  #find(stamp: ProducerStamp): number {
    for (let index = this.#kept.length - 1; index >= 0; index--) {
      const producer = this.#kept[index]?.producer
      if (producer?.seq === stamp.seq && producer.id === stamp.id) return this.#trimmed + index + 1
    }
    return this.#trimmed
  }

  /** Offset of the newest record that a reader must not see any more, whatever is still kept. */
  #floorFor({ size, ttlMs }: Retention): number {
    if (this.#now() >= this.#lastAt + ttlMs) return this.#top
    return Math.max(this.#trimmed, this.#top - size)
  }

  /** @param floor - The reader needs every record above this offset. */
  #reasonToBreak(after: Position, floor: number): BreakReason | undefined {
    if (after.epoch === '') {
      // "From the beginning, if it is all there": the position of a subscriber that has never had one.
      if (after.offset !== 0) return 'unknown'
    } else if (after.epoch !== this.#epoch) {
      return EPOCH_SHAPE.test(after.epoch) ? 'new-log' : 'unknown'
    }
    if (after.offset > this.#top) return 'fork'
    if (!(after.offset >= 0)) return 'unknown'
    return after.offset < floor ? 'trimmed' : undefined
  }

  #upFrom(after: number, limit: number): StoredRecord[] {
    const first = after - this.#trimmed
    return this.#kept.slice(first, first + limit).map(({ record }, index) => ({ offset: after + index + 1, record }))
  }

  #downFrom(above: number, { limit, floor }: { readonly limit: number; readonly floor: number }): StoredRecord[] {
    const lowest = floor - this.#trimmed
    const end = Math.max(lowest, above - this.#trimmed - 1)
    const begin = Math.max(lowest, end - limit)
    const first = this.#trimmed + begin + 1
    return this.#kept
      .slice(begin, end)
      .map(({ record }, index) => ({ offset: first + index, record }))
      .reverse()
  }
}

/** What a read that creates nothing answers where there is no log. */
export function readOfNoLog({ after }: Pick<ReadRequest, 'after'>): ReadResult {
  const head: Position = { epoch: '', offset: 0 }
  if (after === undefined || (after.epoch === '' && after.offset === 0)) {
    return { verdict: 'continue', records: [], head }
  }
  return { verdict: 'break', reason: EPOCH_SHAPE.test(after.epoch) ? 'new-log' : 'unknown', head }
}

/** The first records whose bytes together do not exceed the limit; at least one when there is one. */
function withinBytes(records: readonly StoredRecord[], maxBytes: number | undefined): readonly StoredRecord[] {
  if (maxBytes === undefined) return records
  let bytes = 0
  const end = records.findIndex(({ record }) => (bytes += record.byteLength) > maxBytes)
  return end === -1 ? records : records.slice(0, Math.max(1, end))
}

function checkLength(what: string, id: string | undefined): void {
  if (id !== undefined && id.length * 3 > MAX_ID_BYTES && Buffer.byteLength(id) > MAX_ID_BYTES) {
    throw new BusError('refused', `${what} is longer than ${MAX_ID_BYTES} bytes`)
  }
}
