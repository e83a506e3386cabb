import type { BusStats } from '../bus/bus.ts'

/** Numbers of one hub at this moment, and counters since its start. */
export interface HubStats {
  readonly node: string
  readonly bus: 'starting' | 'up' | 'down' | 'closed'
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
