import type { BusStats } from '../bus/bus.ts'
import type { BusState } from './bus-condition.ts'

/** Numbers of one hub at this moment, and counters since its start. */
export interface HubStats {
  readonly node: string
  /** `refusing`: the bus works, but its broker refuses to store what is published. */
  readonly bus: BusState
  /** Why the bus is down or refusing, in a few words without host names or secrets, e.g. `WRONGPASS`; `undefined` when it works or no word is known. */
  readonly busReason: string | undefined
  readonly connections: number
  readonly users: number
  /** Client interests: one connection in one channel. */
  readonly subscriptions: number
  /** Channels with at least one subscriber here. */
  readonly channels: number
  /** Channels subscribed on the bus, lingering ones included. */
  readonly busChannels: number
  /** Channels whose position is followed here. */
  readonly sequencers: number
  /** Subscriptions that wait for a slow client and will catch up from the log. */
  readonly lagging: number
  /** Bytes queued for clients. */
  readonly queuedBytes: number
  /** Bytes kept to serve reconnecting clients. */
  readonly ringBytes: number
  /** Publications handed to clients, one per client. */
  readonly delivered: number
  /** Publications made here. */
  readonly published: number
  /** Streams declared broken, one per subscription. */
  readonly breaks: number
  /** Times a channel was read again because a hint was missing. */
  readonly resyncs: number
  readonly busStats: BusStats
}
