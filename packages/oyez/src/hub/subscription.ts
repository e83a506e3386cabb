import type { Frame } from '../protocol/codec.ts'
import type { ServerMessage } from '../protocol/message.ts'
import type { Break } from '../protocol/position.ts'
import type { Reader } from './read-gate.ts'
import type { Batch, WireForm } from './wire-form.ts'

/** What a channel needs of a connection that subscribes to it. */
export interface Subscriber extends Reader {
  readonly form: WireForm
  /** Whether more may be queued for this client; false above the high-water mark. */
  readonly isWritable: boolean
  enqueueBatch(batch: Batch): void
  enqueueFrame(frame: Frame): void
  send(message: ServerMessage): void
  /** Tells the client that the stream of a subscription broke. `false`, and nothing is told, when its client must subscribe anew instead. */
  tellBreak(subscription: Subscription, broken: Break): boolean
  /** Tells the client that the log continues under a new epoch. `false`, and nothing is told, when its client must subscribe anew instead. */
  tellEpoch(subscription: Subscription, epoch: string): boolean
  /** Ends a subscription so that its client subscribes anew, with its position. */
  endForResubscribe(subscription: Subscription): void
}

/** Tells the client of a subscription that is `parting`, unless it has ended meanwhile. */
export function finishParting(subscription: Subscription): void {
  if (subscription.is('parting')) subscription.subscriber.endForResubscribe(subscription)
}

/**
 * One connection's interest in one channel.
 *
 * - `joining`: the client waits for the answer to its subscribe.
 * - `live`: it receives every publication as it comes; its cursor is the sequencer's position.
 * - `lagging`: nothing is queued for it; it keeps a cursor and catches up from the ring or the log.
 * - `parting`: its client must subscribe anew and is told so when its turn comes; until then it hears nothing.
 * - `ended`: unsubscribed, or the connection is gone.
 */
export class Subscription {
  readonly subscriber: Subscriber
  readonly channel: string
  /** Made by the server for the connection, as the personal channel is; the client cannot end it. */
  readonly isServerSide: boolean
  state: 'joining' | 'live' | 'lagging' | 'parting' | 'ended' = 'joining'
  /** Offset up to which the client has been sent everything; kept while lagging only. */
  cursor = 0
  /** Whether a catch-up is under way. */
  isCatchingUp = false

  constructor(subscriber: Subscriber, channel: string, isServerSide: boolean) {
    this.subscriber = subscriber
    this.channel = channel
    this.isServerSide = isServerSide
  }

  /** For code that awaits: the state may have moved on meanwhile, which the compiler cannot know. */
  is(state: Subscription['state']): boolean {
    return this.state === state
  }
}
