import type { BreakReason, Position } from '../protocol/position.ts'

export type { BreakReason, Position } from '../protocol/position.ts'

/** How long a channel's log reaches back, and how long its name is remembered. */
export interface Retention {
  /** Publications kept: a bus may store more, and no read returns more than the newest `size`. At least 1. */
  readonly size: number
  /** Age in milliseconds after which no read returns the publications any more, counted from the channel's last one. */
  readonly ttlMs: number
  /**
   * Milliseconds without a publication after which the log's identity (epoch and offset) may be forgotten. Longer than `ttlMs`: while it
   * lasts, a subscriber of a quiet channel that missed nothing is not told of a break.
   */
  readonly metaTtlMs: number
}

/** A message's own number, by which a repeated append is recognised. */
export interface ProducerStamp {
  /** Random per producer; at most 64 bytes. */
  readonly id: string
  /** 1, 2, 3 … per producer and channel. */
  readonly seq: number
  /**
   * Whose producer it is: 1 to 32 letters, digits, `-` or `_`. A log remembers a bounded number of producers; when there are too many, it forgets one of the
   * owner who has most, so that nobody can make it forget the producers of others by inventing ids. @default all without an owner have the same one
   */
  readonly owner?: string | undefined
}

/**
 * When an append is acknowledged.
 *
 * - `accepted`: it is in the memory of the master (of the broker). A failover may lose it; those who saw it are told of a fork.
 * - `{ replicas: k }`: k replicas have it, too. Lost only when a replica that does not have it is promoted.
 * - `durable`: it is on the disk of the master, and of the replicas that are connected.
 */
export type AppendAck = 'accepted' | { readonly replicas: number } | 'durable'

export interface AppendRequest {
  readonly channel: string
  /** The record's bytes. The bus never looks inside. */
  readonly record: Uint8Array
  readonly retention: Retention
  readonly producer?: ProducerStamp | undefined
  /** A repeated append with the same key within five minutes is a duplicate; at most 64 bytes; no order is promised across repeats. */
  readonly idempotencyKey?: string | undefined
  /**
   * How safe the record must be before the append resolves. One that is stored and does not become so safe in time rejects with `uncertain`; a level that
   * this bus does not have is `refused` before anything is stored. @default 'accepted'
   */
  readonly ack?: AppendAck | undefined
}

export type AppendResult =
  | { readonly kind: 'appended'; readonly position: Position }
  /** Stored before; `position` is where it stands. */
  | { readonly kind: 'duplicate'; readonly position: Position }
  /** `seq` was too high: messages from `expected` on are missing. */
  | { readonly kind: 'out-of-sequence'; readonly expected: number }
  /** The log does not know this producer and `seq` is not 1. */
  | { readonly kind: 'unknown-producer' }

export interface ReadRequest {
  readonly channel: string
  /** Continue after this position. Without it the read is no continuation: it starts at the oldest record (newest with `reverse`). */
  readonly after?: Position | undefined
  /** Most records to return; 0 asks for the verdict and the head only. */
  readonly limit: number
  /**
   * Most bytes of records to return: the answer ends before the record that would exceed it. The first record is returned whatever its size, so that a
   * reader always advances. @default no limit
   */
  readonly maxBytes?: number | undefined
  /** Newest first, walking down; `after` then is exclusive and from above. @default false */
  readonly reverse?: boolean | undefined
  /** What the reader may see: `size` newest records, and none when the last one is older than `ttlMs`. */
  readonly retention: Retention
  /**
   * What a read of an unknown channel does. With `true` it gives the channel an identity (an epoch), which lasts {@link EMPTY_LOG_MS} and is extended
   * while {@link Bus.heads} asks for the channel: this is for subscribers. Without it the read stores nothing and answers with the head
   * `{ epoch: '', offset: 0 }`; a read after that position continues when every record of the log is still there. @default false
   */
  readonly mint?: boolean | undefined
}

/**
 * How long the identity of a channel without any publication lasts, in milliseconds. Names are free to invent, so a name that nobody publishes to must be
 * forgotten soon; a node that stays subscribed asks for the head of a quiet channel every few seconds, so a lost broker may be away for two minutes
 * before the identity of such a channel is forgotten.
 */
export const EMPTY_LOG_MS = 180_000

export interface StoredRecord {
  readonly offset: number
  readonly record: Uint8Array
}

export type ReadResult =
  | {
      readonly verdict: 'continue'
      /** Without holes, in the order asked for, at most `limit`. */
      readonly records: readonly StoredRecord[]
      /** The log's newest position at the moment of the read. Its epoch is the one to go on with. */
      readonly head: Position
    }
  | {
      readonly verdict: 'break'
      readonly reason: BreakReason
      readonly head: Position
      /** For `fork`: the last offset that the given position shares with the surviving history. */
      readonly fork?: number | undefined
    }

/**
 * - `up`: the bus works; said once after `start`, and after every `down` and `refusing`.
 * - `down`: nothing can be appended or heard; appends reject within the bus's own limit (at most 5 s). Said again during the same outage whenever the reason
 *   has changed: the error of the last one is the present reason, e.g. first a closed connection, then a refused password.
 * - `refusing`: the bus is up and hints arrive, but the broker refuses to store (no memory, no disk, too few replicas, no right). Said again when the reason
 *   has changed, and after an `up` that ended an outage when it is still so. Not every bus has this state.
 * - `gap`: hints may have been lost; every subscribed channel (or the ones named) must be read again from its position. Said only after the
 *   subscription of those channels is confirmed to be live again, so that a read after a gap misses nothing.
 */
export type BusStatus =
  | { readonly state: 'up' }
  | { readonly state: 'down'; readonly error: Error }
  | { readonly state: 'refusing'; readonly error: Error }
  | { readonly state: 'gap'; readonly channels?: readonly string[] | undefined }

/** What a bus tells its hub. The bus guards itself: an exception from a handler never reaches its own machinery. */
export interface BusHandler {
  /**
   * Something was published on a subscribed channel. With a position it is the hint of an appended record, without it a broadcast. Per
   * channel, hints come in the order of their offsets; they may be lost, never reordered. The bytes are the receiver's to keep.
   */
  onPublication(channel: string, bytes: Uint8Array, position?: Position): void
  onStatus(status: BusStatus): void
}

/** Counters of one bus since its start; plain integers, read by `Hub.stats()`. */
export interface BusStats {
  /** Publications heard from the broker. */
  readonly received: number
  /** Of these, the ones for channels that this node has no subscription for: traffic for nothing. */
  readonly unwanted: number
  /** Calls of `append` that stored something. */
  readonly appended: number
  /** Log reads made. */
  readonly reads: number
  /** Times that the broker was lost and found again. */
  readonly reconnects: number
}

/**
 * What connects the hubs. A bus deals in channel names, bytes and positions only: it knows no users and no JSON.
 *
 * The log is the truth and the hint only a notice: `append` stores a record and hints it in one atomic step, and whoever missed the hint
 * finds the record by `read`. Every bus passes the conformance suite in `oyez/testing`.
 *
 * Errors: a call that could not be carried out rejects with a {@link BusError}, within 5 s. When an `append` rejects with code `uncertain` the
 * record may or may not have been stored.
 */
export interface Bus {
  /** For logs and metrics, e.g. `memory`, `worker`, `redis`. */
  readonly name: string
  /** Connects. Resolves when the bus is usable, rejects with what is wrong and where (host and port named). Called once. */
  start(handler: BusHandler): Promise<void>
  /**
   * Resolves when every one of the channels is live: whatever is appended from then on is hinted here. Called with thousands at once after a mass
   * reconnect. The hub never overlaps subscribe and unsubscribe of the same channel.
   */
  subscribe(channels: readonly string[]): Promise<void>
  unsubscribe(channels: readonly string[]): Promise<void>
  /** To all subscribers of the channel, at most once, kept nowhere: for ephemeral channels and orders between hubs. */
  broadcast(channel: string, bytes: Uint8Array): Promise<void>
  /** Stores, orders and hints a record: one atomic step. Appends to one channel are stored in the order of the calls. */
  append(request: AppendRequest): Promise<AppendResult>
  /** Compares a position with the log and returns what follows it, in one atomic step. */
  read(request: ReadRequest): Promise<ReadResult>
  /**
   * The newest position of each channel, cheaply and in one go; `undefined` where there is no log. Same order as asked. Extends the identity of the logs
   * without any publication, so call it for subscribed channels.
   */
  heads(channels: readonly string[]): Promise<readonly (Position | undefined)[]>
  /**
   * Closes a producer: resolves with the last `seq` that the channel's log stored under its id, 0 for none. A higher one is answered with
   * `unknown-producer` from then on, also one that is already under way; what was stored stays a duplicate. Whoever does not know what became of its last
   * messages calls this before it goes on under a new id, so that they cannot arrive later. In a channel that nobody published to, the closing is
   * remembered for {@link EMPTY_LOG_MS}.
   *
   * @param owner - As in {@link ProducerStamp}.
   */
  closeProducer(channel: string, producerId: string, owner?: string): Promise<number>
  /**
   * Makes sure, afresh, that this node talks to the broker that has the channel's log now. Resolves with `false` or rejects when it cannot: then a break that
   * this node sees may be its own, and its client is better off with another node. A bus without it has nothing to confirm.
   */
  confirm?(channel: string): Promise<boolean>
  stats(): BusStats
  /** Releases everything. Pending calls reject. Idempotent. */
  close(): Promise<void>
}
