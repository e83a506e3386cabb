import type { DialectName } from '../dialects/dialects.ts'

/** Who connects. */
export interface Crowd {
  readonly dialect: DialectName
  /** The server nodes; connections are spread evenly. */
  readonly ports: readonly number[]
  readonly connections: number
  /**
   * `channel`: all subscribe to one channel, and one more connection publishes. `channels`: every four of them share a channel of their own and publish
   * to it. `users`: each is a user. `idle`: nobody says anything.
   */
  readonly kind: 'channel' | 'channels' | 'users' | 'idle'
  /** Connections being opened at the same time. @default 100 */
  readonly opening?: number | undefined
  /** @default 64 */
  readonly payloadBytes?: number | undefined
}

/** How fast it is published. */
export type Pace =
  /** This many publications are under way at any time; the next one starts when one has reached everybody. */
  { readonly kind: 'window'; readonly size: number } | { readonly kind: 'rate'; readonly perSecond: number }

/** What a generator has seen so far. */
export interface Sample {
  readonly atMs: number
  readonly deliveries: number
  readonly cpuUs: number
  /** From publisher to subscriber, milliseconds, from some of the deliveries since the sample before. */
  readonly p50Ms: number
  readonly p99Ms: number
}

/** How a run ended: what was published and what arrived, after everything under way had time to arrive. */
export interface Outcome {
  readonly published: number
  readonly expected: number
  readonly delivered: number
}

/** What the load generator understands. */
export interface GeneratorOrders {
  /** Connects everybody and waits until the server has confirmed each. */
  open(crowd: Crowd): Promise<void>
  /** Begins to publish and goes on until `stop`. */
  begin(pace: Pace): void
  sample(): Sample
  /** Stops publishing, and waits up to thirty seconds for what is under way. @throws when a connection failed. */
  stop(): Promise<Outcome>
  /** Connects so many more subscribers of the one channel, which stop to read at once; what they miss counts for nothing. */
  stall(count: number): Promise<void>
  /** Bytes that all connections have received since they were opened. */
  bytesRead(): number
  /** Publications received by all connections since the last `begin`, or since they were opened. */
  count(): number
  /** CPU used so far, microseconds. */
  cpuUs(): number
}
