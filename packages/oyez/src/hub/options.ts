import type { AppendAck, Bus } from '../bus/bus.ts'
import type { Codec } from '../protocol/codec.ts'
import type { ChannelRulesOptions } from './channel-rule.ts'
import type { HubHooks } from './hooks.ts'

/** Bounds on what one client can make a hub do. Every one has a default. */
export interface HubLimits {
  /** Bytes of one payload. @default 65_536 */
  readonly maxPayloadBytes: number
  /** Bytes that wait for one client before its subscriptions stop being pushed to and catch up from the log later. @default 1_048_576 */
  readonly highWaterBytes: number
  /** Channels one connection may subscribe to. @default 128 */
  readonly maxChannelsPerConnection: number
  /** Commands of one connection that wait for an answer; more are answered with error 111. @default 256 */
  readonly maxPendingCommands: number
  /** Connections of one user on this node; the next one is closed with 3504. @default 1_000 */
  readonly maxConnectionsPerUser: number
  /** Publications in one recovery or history answer; recovery sends the rest as pushes. @default 300 */
  readonly maxPublicationsPerReply: number
  /** Bytes of publications that all channels together keep in memory to serve reconnecting clients without asking the log. @default 67_108_864 */
  readonly ringBytes: number
}

/** Times of a hub, in milliseconds: whole numbers from 1 to 2,147,483,647 (about 24 days), which a timer can hold. */
export interface HubTimes {
  /** Between pings to a client. @default 25_000 */
  readonly pingIntervalMs: number
  /** For the pong to come, then the connection is closed with 3012. @default 10_000 */
  readonly pongTimeoutMs: number
  /** For the first `connect` after the connection opened, then it is closed with 3502. @default 15_000 */
  readonly connectTimeoutMs: number
  /** A channel that nobody here wants any more stays subscribed on the bus for this long, for those who come back. @default 1_000 */
  readonly lingerMs: number
  /** Quiet channels are compared with their logs this often, so that a lost last hint is found; once a minute at least. @default 5_000 */
  readonly auditIntervalMs: number
}

export interface PublishOptions {
  /** A repeated publish with the same key within five minutes is stored once. At most 64 bytes. */
  readonly idempotencyKey?: string | undefined
  /**
   * How safe the publication must be before the call resolves: in the memory of the bus's broker (`accepted`), also of `{ replicas: k }` others, or on
   * disk (`durable`). A level that the bus does not have is `bus-refused`; one that is not reached in time is `bus-uncertain`, and what was published
   * stays. Ephemeral channels have nothing to keep safe and ignore it.
   *
   * @default the `ack` of the channel's rule
   */
  readonly ack?: AppendAck | undefined
}

export interface CloseOptions {
  /** Milliseconds over which the clients are sent away, so that the other nodes are not stormed; at most 2,147,483,647. @default 0 */
  readonly drainMs?: number | undefined
}

export interface HubOptions extends HubHooks {
  /** What connects this hub to the others: `new MemoryBus()` while there is one process. */
  readonly bus: Bus
  /** Shown to clients and in stats. @default a random name */
  readonly nodeName?: string | undefined
  /**
   * Wire forms beside JSON: `[protobufCodec]` of `oyez/codec/protobuf`. A client that asks for one that is not here is closed with 3506.
   *
   * @default none
   */
  readonly codecs?: readonly Codec[] | undefined
  /** How channels behave, by namespace. */
  readonly channels?: ChannelRulesOptions | undefined
  readonly limits?: Partial<HubLimits> | undefined
  readonly times?: Partial<HubTimes> | undefined
}

/** A longer time does not fit a timer, which would fire at once. */
export const MAX_TIMER_MS: number = 2 ** 31 - 1

const LIMITS: HubLimits = {
  maxPayloadBytes: 65_536,
  highWaterBytes: 1_048_576,
  maxChannelsPerConnection: 128,
  maxPendingCommands: 256,
  maxConnectionsPerUser: 1_000,
  maxPublicationsPerReply: 300,
  ringBytes: 67_108_864,
}

const TIMES: HubTimes = {
  pingIntervalMs: 25_000,
  pongTimeoutMs: 10_000,
  connectTimeoutMs: 15_000,
  lingerMs: 1_000,
  auditIntervalMs: 5_000,
}

/** Limits and times with the defaults filled in. @throws {TypeError} for a value that is no whole number from 1, naming it. */
export function resolveHubOptions(options: HubOptions): { readonly limits: HubLimits; readonly times: HubTimes } {
  if (typeof options.bus !== 'object' || options.bus === null) {
    throw new TypeError('HubOptions.bus is missing: give new MemoryBus() while there is one process')
  }
  return {
    limits: withDefaults('limits', LIMITS, options.limits),
    times: withDefaults('times', TIMES, options.times),
  }
}

function withDefaults<T extends object>(name: string, defaults: T, given: Partial<T> | undefined): T {
  const resolved = { ...defaults }
  for (const key of Object.keys(given ?? {}) as (keyof T & string)[]) {
    const value = given?.[key]
    if (value === undefined) continue
    if (!Object.hasOwn(defaults, key)) throw new TypeError(`HubOptions.${name}.${key} is not known`)
    if (!Number.isSafeInteger(value) || Number(value) < 1) {
      throw new TypeError(`HubOptions.${name}.${key} must be a whole number from 1, not ${String(value)}`)
    }
    if (name === 'times' && Number(value) > MAX_TIMER_MS) {
      throw new TypeError(
        `HubOptions.times.${key} must be at most ${MAX_TIMER_MS}, which a timer can hold, not ${String(value)}`,
      )
    }
    resolved[key] = value
  }
  return Object.freeze(resolved)
}
