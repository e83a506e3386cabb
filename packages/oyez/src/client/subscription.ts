import type {
  CommandFields,
  IncomingMessage,
  IncomingPublication,
  IncomingResult,
  PublisherInfo,
} from '../protocol/json-client-codec.ts'
import type { Break, Position } from '../protocol/position.ts'
import { Backoff, type BackoffOptions } from './backoff.ts'
import { ClientError } from './client-error.ts'
import { Cursor } from './cursor.ts'
import { Emitter, type ErrorEvents } from './emitter.ts'
import type { Answer } from './request-table.ts'

export type SubscriptionState = 'unsubscribed' | 'subscribing' | 'subscribed'

/** What a subscription tells. */
export interface SubscriptionEvents<Data> extends ErrorEvents {
  /**
   * Data of the channel, in order, each once. The position moves after the listeners have returned, also when one throws (the exception comes as
   * an `error` event): a publication is not delivered again for it.
   */
  publication: {
    readonly data: Data
    readonly channel: string
    /** 0 in channels without a log. */
    readonly offset: number
    /** Who published, as the server knows it; absent when a server did. */
    readonly info?: PublisherInfo | undefined
  }
  /** The server confirmed, at first and after every reconnect. What follows begins behind `position`. */
  subscribed: {
    /** Whether the stream goes on where it stopped. */
    readonly recovered: boolean
    readonly position: Position | undefined
    readonly data: unknown
  }
  /** Over for good: by `unsubscribe()` (code 0), by the server, or because it refused. */
  unsubscribed: { readonly code: number; readonly reason: string }
  /** Something was missed. The stream goes on behind `next`; load again what was built from it. */
  break: Break
}

/** What a subscription needs of its client. */
export interface SubscriptionHost {
  readonly backoff: BackoffOptions
  /** Whether commands can be sent: the connect has been, and stands before them. */
  connected(): boolean
  /** Makes a command; the answer may come as soon as it is sent. */
  command(method: string, fields: CommandFields, answer: Answer<IncomingResult>): string
  send(frame: string): void
  restart(code: number, reason: string): void
  publish(channel: string, data: unknown): Promise<Position | undefined>
  report(error: ErrorEvents['error']): void
  /** Hands over the other side of a new subscription. */
  register(channel: string, receiver: SubscriptionReceiver): void
}

/** What a client tells a subscription. */
export interface SubscriptionReceiver {
  /** The command to send with the connect, if the subscription is wanted. */
  begin(): string | undefined
  lost(): void
  push(message: IncomingMessage): void
}

/** The interest in one channel. It outlives connections: the position is kept and the stream continued, on whichever node. */
export class Subscription<Data = unknown> extends Emitter<SubscriptionEvents<Data>> {
  readonly channel: string
  readonly #host: SubscriptionHost
  readonly #cursor = new Cursor()
  readonly #backoff: Backoff
  #state: SubscriptionState = 'unsubscribed'
  /** Counts the state changes, so that answers to older commands are recognised. */
  #turn = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  /** Made by `client.subscription(channel)`. */
  constructor(channel: string, host: SubscriptionHost) {
    super()
    this.channel = channel
    this.#host = host
    this.#backoff = new Backoff(host.backoff)
    this.on('error', (event) => host.report(event))
    host.register(channel, {
      begin: () => (this.#state === 'unsubscribed' ? undefined : this.#begin()),
      lost: () => {
        if (this.#state !== 'unsubscribed') this.#move('subscribing')
      },
      push: (message) => {
        if (this.#state === 'subscribed') this.#push(message)
      },
    })
  }

  get state(): SubscriptionState {
    return this.#state
  }

  /** Up to where everything has been handled; `undefined` before the first confirmation and in channels without a log. */
  get position(): Position | undefined {
    return this.#cursor.position
  }

  /** Wants the channel, now and after every reconnect. Goes on behind `position` if there was one. */
  subscribe(): void {
    if (this.#state !== 'unsubscribed') return
    this.#move('subscribing')
    if (this.#host.connected()) this.#host.send(this.#begin())
  }

  /** Wants it no more. The position is kept for a later `subscribe()`. */
  unsubscribe(): void {
    if (this.#state === 'unsubscribed') return
    this.#leave()
    this.#end(0, 'unsubscribe called')
  }

  /** The same as `client.publish` with this channel. */
  publish(data: Data): Promise<Position | undefined> {
    return this.#host.publish(this.channel, data)
  }

  #move(state: SubscriptionState): void {
    this.#state = state
    this.#turn++
    clearTimeout(this.#timer)
  }

  #begin(): string {
    this.#move('subscribing')
    const turn = this.#turn
    const position = this.#cursor.position
    const fields = { channel: this.channel, recover: position && true, ...position }
    return this.#host.command('subscribe', fields, (outcome) => {
      if (turn !== this.#turn) return
      if (!(outcome instanceof ClientError)) this.#subscribed(outcome)
      else if (outcome.code === 'timeout') this.#host.restart(3, 'timeout')
      else if (outcome.code !== 'refused') return
      else {
        this.emit('error', { error: outcome, channel: this.channel })
        if (turn !== this.#turn) return
        if (outcome.temporary) this.#retry()
        else this.#end(outcome.status, outcome.message)
      }
    })
  }

  #subscribed(result: IncomingResult): void {
    this.#move('subscribed')
    const turn = this.#turn
    this.#backoff.good()
    const broken = this.#cursor.start(result)
    const { position } = this.#cursor
    if (broken) this.emit('break', broken)
    if (turn === this.#turn) this.emit('subscribed', { recovered: result.recovered, position, data: result.data })
    for (const publication of result.publications) if (turn === this.#turn) this.#take(publication)
  }

  #push(message: IncomingMessage): void {
    if (message.type === 'publication') this.#take(message.publication)
    else if (message.type === 'break') this.emit('break', this.#cursor.jump(message.break))
    else if (message.type === 'epoch') this.#cursor.renew(message.epoch)
    else if (message.type === 'unsubscribe') {
      const { code, reason } = message
      if (code < 2500) return this.#end(code, reason)
      // 2502: what the position stood for is not valid any more.
      if (code === 2502) this.#cursor.position = undefined
      this.#retry()
    }
  }

  #take(publication: IncomingPublication): void {
    const { channel } = this
    const deliver = (next: IncomingPublication): void =>
      this.emit('publication', { channel, ...(next as IncomingPublication & { readonly data: Data }) })
    if (this.#cursor.take(publication, deliver)) return
    this.#leave()
    this.#retry()
    this.emit('error', { error: new ClientError('protocol', `${channel}: a publication is missing`) })
  }

  /** Tells the server, if it is there. */
  #leave(): void {
    if (!this.#host.connected()) return
    const done: Answer<IncomingResult> = (outcome) => {
      // Whether the server still sends is unknown now; a new connection is the clean way out.
      if (outcome instanceof ClientError && outcome.code !== 'connection-lost') this.#host.restart(4, 'unsubscribe')
    }
    this.#host.send(this.#host.command('unsubscribe', { channel: this.channel }, done))
  }

  #retry(): void {
    this.#move('subscribing')
    this.#timer = setTimeout(() => this.#host.send(this.#begin()), this.#backoff.next())
  }

  #end(code: number, reason: string): void {
    this.#move('unsubscribed')
    this.emit('unsubscribed', { code, reason })
  }
}
