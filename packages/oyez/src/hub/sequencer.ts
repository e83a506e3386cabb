import type { ReadResult } from '../bus/bus.ts'
import type { Publication } from '../protocol/message.ts'
import type { Break, Position } from '../protocol/position.ts'
import { decodeRecord } from './record.ts'
import { Proof } from './proof.ts'
import { Ring, type RingBudget } from './ring.ts'

/** What a sequencer needs around it. */
export interface SequencerHost {
  /** One bounded log read of the sequencer's channel. */
  read(request: { after?: Position; limit: number; maxBytes?: number; reverse?: boolean }): Promise<ReadResult>
  /** The next publication of the stream. */
  onPublication(publication: Publication): void
  /** The log continues, whole, under a new epoch. */
  onEpoch(epoch: string): void
  /** The stream broke; it goes on after `broken.next`. */
  onBreak(broken: Break): void
  onResync(): void
  /** A resync failed; it is tried again by {@link Sequencer.retry}. */
  onFailure(error: unknown): void
}

interface Hint {
  readonly bytes: Uint8Array
  readonly position: Position
  /** The log was read after this hint was heard: if it still does not fit, it belongs to a history that is gone. */
  isRead: boolean
}

/** Hints kept while a read is under way, and their bytes; beyond either the rest is read from the log instead. */
const MAX_KEPT_HINTS = 1_024
const MAX_KEPT_BYTES = 1_048_576
/** Records per read of a resync. */
const PAGE = 256
/** Bytes per read: more would hold up the bus for everybody else. */
const MAX_READ_BYTES = 1_048_576
/** A hint of this node's own publication that takes longer is lost. */
const EXPECTED_WITHIN_MS = 1_000
/** Epochs remembered as continued without a break. */
const MAX_KNOWN_EPOCHS = 16

/**
 * Keeps one channel in order on one node: turns hints, which may be lost, into a stream that is whole, by reading the log where a hint is missing.
 * The algorithm is described in DELIVERY.md; all its steps run without awaiting between a check and its effect.
 */
export class Sequencer {
  readonly ring: Ring
  readonly #host: SequencerHost
  #state: 'starting' | 'following' | 'resyncing' | 'stale' | 'closed' = 'starting'
  #epoch = ''
  #kept: Hint[] = []
  #keptBytes = 0
  #keptOverflowed = false
  #resync: Promise<void> | undefined
  #isResyncAgain = false
  #expected: (Position & { readonly since: number }) | undefined
  /**
   * Earlier epochs whose stream this sequencer continued, each with the last offset for which that is proved. Somebody who followed the earlier epoch
   * further than this node did may hold what the surviving history does not contain: only the log can judge.
   */
  readonly #knownEpochs: Position[] = []
  #activity = 0
  #breaks = 0
  readonly #proof: Proof
  /** Offset of the oldest record that a read of the newest ones brought: no later read of them reaches further back. */
  #reach: number | undefined

  constructor(host: SequencerHost, capacity: number, budget: RingBudget) {
    this.#host = host
    this.ring = new Ring(capacity, budget, 0)
    this.#proof = new Proof({
      read: (request) => host.read(request),
      breaks: () => this.#breaks,
      onForgery: (offset, reason, head) => this.#disown(offset, reason, head),
      onChanged: () => void this.resync(),
      onFailure: (error) => host.onFailure(error),
    })
  }

  get position(): Position {
    return { epoch: this.#epoch, offset: this.ring.top }
  }

  /** Counts what was heard; two equal readings mean that the channel was quiet between them. */
  get activity(): number {
    return this.#activity
  }

  /** Breaks declared so far; two equal readings mean one unbroken stream between them. */
  get breaks(): number {
    return this.#breaks
  }

  /** Bytes of the hints that wait for a read. */
  get keptBytes(): number {
    return this.#keptBytes
  }

  /**
   * Takes the log's newest position as the start. Called when the bus subscription is live: a publication between the two would otherwise be lost.
   *
   * @param tail - How many of the newest records to fetch along, for clients that come back.
   */
  async start(tail: number): Promise<void> {
    const result = await this.#host.read({ limit: tail, maxBytes: MAX_READ_BYTES, reverse: true })
    if (this.#state !== 'starting') return
    this.#epoch = result.head.epoch
    this.ring.reset(result.head.offset)
    if (result.verdict === 'continue') this.#fillRing(result)
    this.#state = 'following'
    const mustRead = this.#applyKept() || this.#isResyncAgain
    if (mustRead) void this.resync()
  }

  /** A publication was heard. */
  hint(bytes: Uint8Array, position: Position): void {
    if (this.#state === 'closed') return
    this.#activity += 1
    if (this.#state === 'following' && this.#fits(bytes, position)) return
    // A gap, or another history: the log decides. The hint is kept, for it may be newer than what a read under way will find.
    const isFirst = this.#state === 'following'
    this.#keep({ bytes, position, isRead: isFirst })
    if (isFirst) void this.resync()
  }

  /** Whether a position belongs to the stream that is followed here: to the current epoch, or to one that was continued into it without a break. */
  knows({ epoch, offset }: Position): boolean {
    return (
      epoch === this.#epoch || this.#knownEpochs.some((earlier) => earlier.epoch === epoch && offset <= earlier.offset)
    )
  }

  /** Reads from the position on. At most one at a time; a call during one makes it run once more. */
  resync(): Promise<void> {
    if (this.#state === 'closed') return Promise.resolve()
    if (this.#state === 'starting') {
      // What went missing may have been appended after the read under way was made.
      this.#isResyncAgain = true
      return Promise.resolve()
    }
    if (this.#resync !== undefined) {
      this.#isResyncAgain = true
      return this.#resync
    }
    this.#state = 'resyncing'
    this.#resync = this.#runResync().finally(() => {
      this.#resync = undefined
    })
    return this.#resync
  }

  /** A publication of this node's own was stored there: its hint should be here soon. */
  expect({ epoch, offset }: Position): void {
    if (epoch === this.#epoch && offset <= this.ring.top) return
    this.#expected ??= { epoch, offset, since: performance.now() }
  }

  /** Called about once a second: tries again after a failed resync, and reads when a publication of this node's own was not heard in time. */
  retry(): void {
    if (this.#state === 'stale') void this.resync()
    this.#proof.retry()
    const expected = this.#expected
    if (expected === undefined) return
    const isHere = expected.epoch === this.#epoch && expected.offset <= this.ring.top
    if (!isHere && performance.now() - expected.since < EXPECTED_WITHIN_MS) return
    this.#expected = undefined
    if (!isHere && this.#state === 'following') void this.resync()
  }

  /** Whether {@link Sequencer.backfill} may bring what follows an offset. */
  canBackfill(offset: number): boolean {
    return offset < this.ring.floor && (this.#reach === undefined || offset >= this.#reach - 1)
  }

  /** Fetches older records into the ring, for clients that come back from below it. One read serves all who ask meanwhile. */
  async backfill(tail: number): Promise<void> {
    const result = await this.#host.read({ limit: tail, maxBytes: MAX_READ_BYTES, reverse: true })
    if (result.verdict === 'continue' && result.head.epoch === this.#epoch) this.#fillRing(result)
  }

  close(): void {
    this.#state = 'closed'
    this.#proof.close()
    this.#takeKept()
    this.ring.reset(0)
  }

  async #runResync(): Promise<void> {
    this.#host.onResync()
    try {
      do {
        this.#isResyncAgain = false
        await this.#readToHead()
        if (this.#isClosed()) return
      } while (this.#applyKept() || this.#isResyncAgain)
      this.#state = 'following'
    } catch (error) {
      if (this.#isClosed()) return
      this.#state = 'stale'
      this.#host.onFailure(error)
    }
  }

  async #readToHead(): Promise<void> {
    for (;;) {
      const from = this.position
      const result = await this.#readAfter(from)
      if (this.#isClosed()) return
      if (result.verdict === 'break') {
        this.#break({ reason: result.reason, last: from, next: result.head, fork: result.fork })
        return
      }
      // Before the records: some of them may not exist under the earlier epoch, and a client that comes back between the two names its epoch.
      this.#adopt(result.head.epoch, from)
      for (const { offset, record } of result.records) {
        // Never true of a correct bus; were it, the rule of the hints would find it too late.
        if (offset !== this.ring.top + 1)
          throw new Error(`the log's records have a hole: ${offset} after ${this.ring.top}`)
        this.#emit(record, offset)
      }
      if (this.ring.top >= result.head.offset || result.records.length === 0) return
    }
  }

  /**
   * The record that an epoch began can be lost with the master that made it, before anything was stored under it. As long as nothing was received under it
   * either, the position under the epoch before is the same place, and the log may know that one.
   */
  async #readAfter(from: Position): Promise<ReadResult> {
    let result = await this.#host.read({ after: from, limit: PAGE, maxBytes: MAX_READ_BYTES })
    for (const earlier of this.#knownEpochs.toReversed()) {
      const isUnknown = result.verdict === 'break' && result.reason === 'unknown'
      if (!isUnknown || earlier.offset !== from.offset || this.#isClosed()) break
      result = await this.#host.read({ after: earlier, limit: PAGE, maxBytes: MAX_READ_BYTES })
    }
    return result
  }

  /** Takes a hint that is next, compares one that is old; `false` when the log must be read. */
  #fits(bytes: Uint8Array, { epoch, offset }: Position): boolean {
    if (epoch !== this.#epoch || offset > this.ring.top + 1) return false
    const publication = decodeRecord(bytes, offset)
    if (offset <= this.ring.top) {
      this.#proof.compare(this.position, { delivered: this.ring.at(offset), heard: publication })
      return true
    }
    // A damaged hint: only the log's own record counts.
    if (publication === undefined) return false
    this.#deliver(publication)
    return true
  }

  /** What was delivered as this offset is not what the log has there: a hint was forged or damaged. */
  #disown(offset: number, reason: 'fork' | 'unknown', head: Position): void {
    const last = this.position
    // Everything up to the next position is in the log by now, for those who reload from it.
    const next = { epoch: this.#epoch, offset: Math.min(head.offset, last.offset) }
    this.#break(reason === 'fork' ? { reason, last, next, fork: offset - 1 } : { reason, last, next })
  }

  #keep(hint: Hint): void {
    if (this.#kept.length >= MAX_KEPT_HINTS || this.#keptBytes + hint.bytes.length > MAX_KEPT_BYTES) {
      this.#keptOverflowed = true
      return
    }
    this.#kept.push(hint)
    this.#keptBytes += hint.bytes.length
  }

  #takeKept(): Hint[] {
    const kept = this.#kept
    this.#kept = []
    this.#keptBytes = 0
    return kept
  }

  /** @returns Whether the log must be read once more. */
  #applyKept(): boolean {
    const kept = this.#takeKept()
    for (const [index, hint] of kept.entries()) {
      if (this.#fits(hint.bytes, hint.position) || hint.isRead) continue
      for (const waiting of kept.slice(index)) {
        waiting.isRead = true
        this.#keep(waiting)
      }
      return true
    }
    const overflowed = this.#keptOverflowed
    this.#keptOverflowed = false
    return overflowed
  }

  #emit(record: Uint8Array, offset: number): void {
    const publication = decodeRecord(record, offset)
    if (publication === undefined) {
      // Bytes that no hub wrote stand in the log: this place cannot be delivered, and that is said.
      const last = this.position
      return this.#break({ reason: 'unknown', last, next: { epoch: this.#epoch, offset } })
    }
    this.#deliver(publication)
  }

  #deliver(publication: Publication): void {
    // The ring first: whoever lags from this publication on finds it there.
    this.ring.push(publication)
    this.#host.onPublication(publication)
  }

  #break(broken: Break): void {
    this.#breaks += 1
    this.ring.reset(broken.next.offset)
    if (broken.next.epoch !== this.#epoch) this.#knownEpochs.length = 0
    this.#reach = undefined
    this.#epoch = broken.next.epoch
    this.#host.onBreak(broken)
  }

  /** @param proved - The position that the log has just continued. */
  #adopt(epoch: string, proved: Position): void {
    if (epoch === this.#epoch) return
    this.#knownEpochs.push(proved)
    if (this.#knownEpochs.length > MAX_KNOWN_EPOCHS) this.#knownEpochs.shift()
    this.#epoch = epoch
    this.#host.onEpoch(epoch)
  }

  #fillRing(result: Extract<ReadResult, { verdict: 'continue' }>): void {
    const older: Publication[] = []
    this.#reach = result.records.at(-1)?.offset ?? this.#reach
    for (const { offset, record } of result.records) {
      if (offset > this.ring.floor) continue
      const publication = decodeRecord(record, offset)
      if (publication === undefined) break
      older.push(publication)
    }
    this.ring.fill(older.toReversed())
  }

  /** A method, since the compiler does not see that the state changes during an await. */
  #isClosed(): boolean {
    return this.#state === 'closed'
  }
}
