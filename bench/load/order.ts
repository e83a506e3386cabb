import type { DialectName } from '../dialects/dialects.ts'

/** Who connects. */
export interface Crowd {
  readonly dialect: DialectName
  /** The server nodes; connections are spread evenly. */
  readonly ports: readonly number[]
  readonly connections: number
  /** `channel`: all subscribe to one channel, and one more connection publishes. `users`: each is a user. `idle`: nobody says anything. */
  readonly kind: 'channel' | 'users' | 'idle'
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
  /** Stops publishing, and waits up to ten seconds for what is under way. @throws when a connection failed. */
  stop(): Promise<Outcome>
  /** Publications received by all connections since the last `begin`, or since they were opened. */
  count(): number
  /** CPU used so far, microseconds. */
  cpuUs(): number
}
