import { randomUUID } from 'node:crypto'
import { type CloseCode, CloseCodes, UnsubscribeCodes } from '../protocol/close-code.ts'
import { type Frame, FrameError } from '../protocol/codec.ts'
import type { ClientMessage, ServerMessage } from '../protocol/message.ts'
import type { Break } from '../protocol/position.ts'
import type { Transport, TransportFrame, TransportHandler } from '../transport/transport.ts'
import type { AcceptRequest, ConnectionView, Identity } from './hooks.ts'
import { SendQueue } from './send-queue.ts'
import type { Subscriber, Subscription } from './subscription.ts'
import { type Batch, MAX_BATCH_BYTES, type WireForm } from './wire-form.ts'

/** What a connection needs of its hub. */
export interface ConnectionHost {
  readonly highWaterBytes: number
  readonly maxPendingCommands: number
  /** The connection has output; called once until it was flushed. */
  flushSoon(connection: Connection): void
  /** Carries out a client's `connect`; ends in `admit` or `close`. */
  connect(connection: Connection, message: Extract<ClientMessage, { type: 'connect' }>): Promise<void>
  /** Carries out any other command of an admitted client. */
  command(connection: Connection, message: ClientMessage): void
  /** The client was let in, and will be told so before anything else. */
  onAdmitted(connection: Connection): void
  /** The subscription ended without the client's asking. */
  dropSubscription(connection: Connection, subscription: Subscription): void
  /** The client drained: subscriptions that wait for it can go on. */
  onWritable(connection: Connection): void
  onGone(connection: Connection, code: number, reason: string): void
}

/** What a connection is made of. */
export interface ConnectionParts {
  readonly transport: Transport
  readonly form: WireForm
  readonly request: AcceptRequest
}

const ANONYMOUS: Identity = Object.freeze({ userId: '' })
/** Replies may go above the high-water mark by this factor; a client that asks without reading is closed beyond it. */
const HARD_LIMIT_FACTOR = 2

/**
 * The server's side of one client: reads frames, keeps the order of the protocol (connect first, and once), holds the outgoing queue.
 *
 * - `new`: waits for the client's connect.
 * - `connecting`: the connect is being carried out.
 * - `refused`: the connect was answered with an error; the next command closes.
 * - `open`: commands are carried out.
 * - `closing`: a close was sent, nothing more is.
 * - `gone`: the transport has ended.
 */
export class Connection implements Subscriber, ConnectionView, TransportHandler {
  readonly id: string = randomUUID()
  readonly request: AcceptRequest
  readonly form: WireForm
  readonly subscriptions: Map<string, Subscription> = new Map()
  /** Subscribes that are being carried out, by channel; they settle and never reject. */
  readonly joining: Map<string, Promise<void>> = new Map()
  readonly openedAt: number = performance.now()
  identity: Identity = ANONYMOUS
  /** Whether the client understands breaks and epochs in its stream. */
  extensions = false
  /** Commands whose answer is still to come. */
  pendingCommands = 0
  /** When its client last published with a number, in milliseconds of `performance.now()`. */
  publishedAt: number = -Infinity
  /** Publishes are carried out one after the other, so that they are stored in the order in which the client sent them. */
  publishing: Promise<void> | undefined
  readonly #host: ConnectionHost
  readonly #transport: Transport
  readonly #queue: SendQueue
  #state: 'new' | 'connecting' | 'refused' | 'open' | 'closing' | 'gone' = 'new'
  #onGone: (() => void) | undefined
  #early: ClientMessage[] = []
  #wasAdmitted = false
  #awaitsPong = false
  /** What the hub closed with; a client that hangs up without an answer does not change it. */
  #closedWith: CloseCode | undefined
  /** Subscriptions of this connection that may be lagging: told to go on when the client drains. */
  #wasFull = false

  constructor(host: ConnectionHost, { transport, form, request }: ConnectionParts) {
    this.#host = host
    this.#transport = transport
    this.form = form
    this.request = request
    this.#queue = new SendQueue(transport, form)
  }

  get userId(): string {
    return this.identity.userId
  }

  get remoteAddress(): string {
    return this.request.remoteAddress
  }

  get isOpen(): boolean {
    return this.#state === 'open'
  }

  /** Whether the client has not yet said who it is. */
  get isPending(): boolean {
    return this.#state === 'new' || this.#state === 'connecting'
  }

  get isGone(): boolean {
    return this.#state === 'gone'
  }

  /** Whether the client can still be told something. */
  get isListening(): boolean {
    return this.#state !== 'closing' && this.#state !== 'gone'
  }

  /** Whether it was let in at some time. */
  get wasAdmitted(): boolean {
    return this.#wasAdmitted
  }

  /** Whether the connect is still being carried out; false once the client left or was closed. */
  get isConnecting(): boolean {
    return this.#state === 'connecting'
  }

  get isWritable(): boolean {
    if (this.#queue.pendingBytes < this.#host.highWaterBytes) return true
    this.#wasFull = true
    return false
  }

  get isAwaitingPong(): boolean {
    return this.#awaitsPong
  }

  get pendingBytes(): number {
    return this.#queue.pendingBytes
  }

  start(): void {
    this.#transport.start(this)
  }

  /** The client is let in: the answer to its connect goes out before all that came up for it meanwhile, then its waiting commands are taken. */
  admit(reply: ServerMessage): void {
    if (this.#state !== 'connecting') return
    this.#state = 'open'
    this.#wasAdmitted = true
    this.#queue.unshift(this.form.codec.encode(reply))
    this.#host.flushSoon(this)
    this.#host.onAdmitted(this)
    const early = this.#early
    this.#early = []
    for (const message of early) if (this.isOpen) this.#take(message)
  }

  /** The connect is answered with an error; what the client sent along with it is dropped. */
  refuse(reply: ServerMessage): void {
    if (this.#state !== 'connecting') return
    this.#early = []
    this.#queue.clear()
    this.#state = 'refused'
    this.send(reply)
  }

  onFrame(frame: TransportFrame): void {
    if (this.#state === 'closing' || this.#state === 'gone') return
    let messages: ClientMessage[]
    try {
      messages = this.form.codec.decode(frame)
    } catch (error) {
      this.close(badRequest(error instanceof FrameError ? error.message : 'frame not understood'))
      return
    }
    for (const message of messages) {
      this.#take(message)
      // The state may have changed while the message was taken.
      if (!this.isListening) return
    }
  }

  onDrain(): void {
    if (!this.#wasFull || !this.isListening) return
    this.#wasFull = false
    this.#host.onWritable(this)
  }

  onClose(code: number, reason: string): void {
    if (this.#state === 'gone') return
    this.#state = 'gone'
    this.#queue.clear()
    const { code: finalCode, reason: finalReason } = this.#closedWith ?? { code, reason }
    this.#host.onGone(this, finalCode, finalReason)
    this.#onGone?.()
  }

  /** Resolves when the transport has ended. */
  whenGone(): Promise<void> {
    if (this.#state === 'gone') return Promise.resolve()
    return new Promise((resolve) => {
      this.#onGone = resolve
    })
  }

  send(message: ServerMessage): void {
    this.enqueueFrame(this.form.codec.encode(message))
  }

  enqueueFrame(frame: Frame): void {
    // Looked at before, so that one large answer does not close a client that reads.
    if (this.#queue.pendingBytes > this.#hardLimit) this.close(CloseCodes.slow)
    else this.#enqueue(frame)
  }

  enqueueBatch(batch: Batch): void {
    this.#enqueue(batch)
  }

  flush(): void {
    if (this.#state === 'gone') return
    this.#queue.flush()
    // What filled up within one tick may be with the operating system at once, and then no drain follows.
    if (this.#wasFull && this.#queue.pendingBytes < this.#host.highWaterBytes) this.onDrain()
  }

  sendPing(): void {
    if (this.#state !== 'open') return
    this.#awaitsPong = true
    this.send({ type: 'ping' })
  }

  onPongTimeout(): void {
    this.close(CloseCodes.noPong)
    // Whoever does not answer a ping will not answer a close either.
    this.#transport.terminate()
  }

  tellBreak(subscription: Subscription, broken: Break): boolean {
    const { channel } = subscription
    if (this.extensions) {
      this.send({ type: 'break-push', channel, break: broken })
      return true
    }
    return false
  }

  tellEpoch(subscription: Subscription, epoch: string): boolean {
    if (this.extensions) {
      this.send({ type: 'epoch-push', channel: subscription.channel, epoch })
      return true
    }
    return false
  }

  /** A client without the extensions learns of a break by having to subscribe again with its position: the answer tells it. */
  endForResubscribe(subscription: Subscription): void {
    if (subscription.isServerSide) return this.close(CloseCodes.insufficientState)
    this.send({ type: 'unsubscribe-push', channel: subscription.channel, ...UnsubscribeCodes.insufficientState })
    this.#host.dropSubscription(this, subscription)
  }

  /** Says goodbye after what is queued. Nothing is sent or read from then on. */
  close(close: CloseCode): void {
    if (this.#state === 'closing' || this.#state === 'gone') return
    // Before the answer to its connect a client is sent nothing.
    if (this.#state === 'connecting') this.#queue.clear()
    else this.#queue.flush()
    this.#state = 'closing'
    this.#closedWith = close
    this.#transport.close(close.code, clipReason(close.reason))
  }

  terminate(): void {
    this.#transport.terminate()
  }

  #take(message: ClientMessage): void {
    if (message.type === 'pong') {
      if (this.#awaitsPong) this.#awaitsPong = false
      else this.close(badRequest('pong without ping, or command without id'))
      return
    }
    if (message.type === 'invalid' && message.fatal) return this.close(badRequest(message.problem))
    if (this.#state === 'open') {
      if (message.type === 'connect') this.close(badRequest('second connect'))
      else this.#host.command(this, message)
      return
    }
    if (this.#state === 'new' && message.type === 'connect') {
      this.#state = 'connecting'
      void this.#host.connect(this, message)
      return
    }
    if (this.#state === 'connecting' && message.type !== 'connect') {
      // Clients send their subscribes together with the connect, in one frame: they wait for it.
      if (this.#early.length < this.#host.maxPendingCommands) this.#early.push(message)
      else this.close(CloseCodes.tooManyRequests)
      return
    }
    this.close(badRequest(message.type === 'connect' ? 'second connect' : 'command before connect'))
  }

  #enqueue(item: Frame | Batch): void {
    if (this.#state === 'closing' || this.#state === 'gone') return
    // While the connect is being carried out, everything waits behind its answer.
    if (this.#queue.isEmpty && this.#state !== 'connecting') this.#host.flushSoon(this)
    this.#queue.push(item)
  }

  /** Above the mark, what channels may have added to it within one tick is not the client's doing. */
  get #hardLimit(): number {
    return this.#host.highWaterBytes * HARD_LIMIT_FACTOR + MAX_BATCH_BYTES * (1 + this.subscriptions.size)
  }
}

function badRequest(detail: string): CloseCode {
  return { code: CloseCodes.badRequest.code, reason: `${CloseCodes.badRequest.reason}: ${detail}` }
}

/** A close frame has room for 123 bytes of reason. */
function clipReason(reason: string): string {
  return Buffer.byteLength(reason) <= 123
    ? reason
    : Buffer.from(reason)
        .subarray(0, 120)
        .toString('utf8')
        .replace(/\uFFFD+$/u, '')
}
