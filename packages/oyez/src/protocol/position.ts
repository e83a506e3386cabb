/** A place in a channel's log. */
export interface Position {
  /**
   * Names the log's history: which log this is and which master wrote it. Opaque outside the bus: compare it for equality and
   * hand it back, never look inside. The empty string stands for "no history known".
   */
  readonly epoch: string
  /** Number of publications in the log up to this place: 0 is before the first, 1 is the first. A safe integer. */
  readonly offset: number
}

/**
 * Why a stream was declared broken.
 *
 * - `new-log`: the log was lost and a new one has begun (Redis restarted empty, keys evicted, all workers restarted).
 * - `fork`: the subscriber holds publications that the surviving history does not contain (a failover lost writes).
 * - `trimmed`: the subscriber was away for longer than the channel's history reaches.
 * - `unknown`: the log cannot prove where the position belongs.
 */
export type BreakReason = 'new-log' | 'fork' | 'trimmed' | 'unknown'

/** A declared discontinuity in a subscription: the opposite of silent loss. */
export interface Break {
  readonly reason: BreakReason
  /** The last position up to which the stream is whole, as the subscriber held it. */
  readonly last: Position
  /** Where the stream goes on: the next publication has this epoch and `next.offset + 1`. */
  readonly next: Position
  /** For `fork` only: the last offset that both histories share; what was received above it has been rolled back. */
  readonly fork?: number | undefined
}
