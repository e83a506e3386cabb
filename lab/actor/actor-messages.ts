/** The options of a publisher process. */
export interface PublisherOptions {
  readonly journal: string
  readonly urls: readonly string[]
  readonly names: readonly string[]
  /** Each publisher publishes to each of them. */
  readonly busy: readonly string[]
  /** Messages a second of each publisher, all busy channels together. */
  readonly perSecond: number
  /** Channels that get a message only now and then, one after the other. */
  readonly still: readonly string[]
  /** Channels that hear the first and the last words only. */
  readonly idle: readonly string[]
  /** Milliseconds between two messages to still channels. */
  readonly stillEveryMs: number
  readonly payloadBytes: number
  /** A cookie for every connection, such as the one of a load balancer. */
  readonly cookie?: string | undefined
}

/** The options of a subscriber process. */
export interface SubscriberOptions {
  readonly journal: string
  readonly urls: readonly string[]
  /** Every one subscribes to all channels. */
  readonly names: readonly string[]
  readonly client: 'oyez' | 'centrifuge'
  readonly channels: readonly string[]
  readonly cookie?: string | undefined
}

/** The newest position of a channel, as the lab itself read it. */
export interface Head {
  readonly channel: string
  readonly epoch: string
  readonly offset: number
}

/** What an actor process is told. */
export type ActorOrder =
  | { readonly order: 'start' }
  /** Publishers: no more publications; answered when each has its answer. */
  | { readonly order: 'stop' }
  /** Publishers: one message of each to every channel, at once; answered when each has its answer. */
  | { readonly order: 'last-words' }
  /** Subscribers: how many subscriptions do not stand at these heads? */
  | { readonly order: 'behind'; readonly heads: readonly Head[] }
  /** Subscribers: connections of these clients are cut from this side. */
  | { readonly order: 'cut'; readonly share: number }
  /** Ends: journals are closed, the process exits. */
  | { readonly order: 'finish' }

/** What an actor process says. */
export type ActorWord =
  | { readonly answerTo: number; readonly value: number; readonly detail?: string }
  /** Publishers, several times a second: how many acknowledgements each has in each busy channel. */
  | { readonly acked: readonly number[]; readonly sent: number; readonly failed: number }
  /** Subscribers, several times a second. */
  | { readonly delivered: number; readonly live: number; readonly breaks: number }

export type NumberedOrder = ActorOrder & { readonly id: number }
