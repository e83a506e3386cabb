import type { ChannelOf, Contract, AnyContract, DataOf, MethodOf, ParamsOf, ResultOf } from '../protocol/contract.ts'
import {
  decodeServerFrame,
  encodeCommand,
  type CommandFields,
  type IncomingMessage,
  type IncomingPublication,
  type IncomingResult,
} from '../protocol/json-client-codec.ts'
import type { Position } from '../protocol/position.ts'
import type { ClientEvents, ClientState } from './client-event.ts'
import { ClientError } from './client-error.ts'
import { Cursor } from './cursor.ts'
import { Emitter, type ErrorEvents } from './emitter.ts'
import type { History, HistoryOptions } from './history.ts'
import { MAX_TIMER_MS, resolveClientOptions, type ClientOptions, type ResolvedClientOptions } from './options.ts'
import { Producer } from './producer.ts'
import { ReconnectingSocket } from './reconnecting-socket.ts'
import { RequestTable, type Answer } from './request-table.ts'
import { Subscription, type SubscriptionHost, type SubscriptionReceiver } from './subscription.ts'

/** At most 3 bytes each, so that a frame of many subscribes stays below the 64 KiB that servers accept. */
const MAX_FRAME_CHARS = 20_000

/** How long after a missed ping the connection counts as dead. */
const PING_GRACE_MS = 10_000

/**
 * A connection to any node of the cluster, kept alive: it reconnects by itself, continues every subscription where it stopped, and publishes
 * exactly once. Nothing happens before `connect()`.
 */
export class Client<C extends Contract = AnyContract> extends Emitter<ClientEvents<C>> {
  readonly #options: ResolvedClientOptions
  readonly #requests = new RequestTable<IncomingResult>()
  /** Those who wait for the connection. */
  readonly #waiting = new RequestTable<undefined>()
  readonly #socket: ReconnectingSocket
  readonly #producer: Producer
  readonly #host: SubscriptionHost
  readonly #subscriptions = new Map<string, Subscription>()
  readonly #receivers = new Map<string, SubscriptionReceiver>()
  /** Places in the channels that the server subscribes us to. */
  readonly #cursors = new Map<string, Cursor>()
  #state: ClientState = 'disconnected'
  /** Counts the connections, so that the rest of an older one's frame is recognised. */
  #session = 0
  #token: string | undefined
  #pong = false
  #extensions = false
  /** The connect is on its way, with all subscribes: whatever is sent from now on comes behind it. */
  #isIntroduced = false

  /** @throws {TypeError} when an address or an option is not usable. */
  constructor(url: string | readonly string[], options: ClientOptions = {}) {
    super()
    this.#options = resolveClientOptions(url, options)
    this.#token = options.token
    this.#socket = new ReconnectingSocket(this.#options, {
      prepare: () => this.#fetchToken(),
      opened: () => this.#sendConnect(),
      frame: (data) => this.#onFrame(data),
      lost: (code, reason) => {
        // 3005: expired.
        if (code === 3005) this.#expireToken()
        this.#move('connecting', code, reason)
      },
      ended: (code, reason) => this.#end(code, reason),
    })
    const connected = (): boolean => this.#state === 'connected'
    const restart = (code: number, reason: string): void => this.#socket.restart(code, reason)
    const report = (event: ErrorEvents['error']): void => this.emit('error', event)
    this.#producer = new Producer(this.#options, {
      connected,
      restart,
      report,
      exact: () => this.#extensions,
      send: (command, answer) => {
        // The server has its own limit for an answer of the log, and it should be heard before ours ends.
        const id = this.#requests.add(2 * this.#options.timeoutMs, answer)
        this.#socket.send(encodeCommand({ id, ...command }))
      },
    })
    this.#host = {
      backoff: this.#options.backoff,
      connected: () => this.#isIntroduced,
      restart,
      report,
      command: (method, fields, answer) => this.#command(method, fields, answer),
      send: (frame) => this.#socket.send(frame),
      publish: (channel, data) => this.#publish(channel, data),
      register: (channel, receiver) => this.#receivers.set(channel, receiver),
    }
  }

  get state(): ClientState {
    return this.#state
  }

  /** Starts to connect, and goes on trying until `disconnect()` or a refusal for good. */
  connect(): void {
    if (this.#state !== 'disconnected') return
    this.#move('connecting', 0, 'connect called')
    // A listener may have called disconnect.
    if ((this.#state as ClientState) === 'connecting') this.#socket.start()
  }

  /** Ends the connection and every attempt. Publications that wait are rejected; subscriptions stay wanted for the next `connect()`. */
  disconnect(): void {
    this.#end(0, 'disconnect called')
  }

  /** Resolves when connected. @throws {ClientError} `disconnected` when the client is or gets disconnected, `timeout` after `timeoutMs`. */
  ready(timeoutMs: number = MAX_TIMER_MS): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#state === 'connected') return resolve()
      const id = this.#waiting.add(timeoutMs, (outcome) => (outcome ? reject(outcome) : resolve()))
      if (this.#state === 'disconnected') this.#waiting.settle(id, disconnected())
    })
  }

  /** The subscription to a channel: one object per channel, made at the first call. It does nothing before its `subscribe()`. */
  subscription<Name extends ChannelOf<C>>(channel: Name): Subscription<DataOf<C, Name>> {
    let subscription = this.#subscriptions.get(channel)
    if (!subscription) this.#subscriptions.set(channel, (subscription = new Subscription(channel, this.#host)))
    return subscription as Subscription<DataOf<C, Name>>
  }

  /**
   * Publishes, in order with what was published to the channel before. Waits while the client reconnects. Resolves when stored, exactly once, with
   * the place in the log, or with `undefined` where only the fact is known. In a channel without a log it resolves with `undefined`, and a lost
   * connection may make it arrive twice.
   *
   * @throws {ClientError} `refused` by the server, `uncertain`, `queue-full` or `disconnected`.
   */
  publish<Name extends ChannelOf<C>>(channel: Name, data: DataOf<C, Name>): Promise<Position | undefined> {
    return this.#publish(channel, data)
  }

  /** Calls a method of the server; not repeated when the connection is lost. @throws {ClientError} */
  async rpc<Method extends MethodOf<C>>(method: Method, params: ParamsOf<C, Method>): Promise<ResultOf<C, Method>> {
    const { data } = await this.#request('rpc', { method, data: params ?? null })
    return data as ResultOf<C, Method>
  }

  /** Sends a one-way message to the server; resolves when it is on its way, which says nothing about its arrival. @throws {ClientError} */
  async send(data: unknown): Promise<void> {
    await this.#connected()
    this.#socket.send(encodeCommand({ id: 0, method: 'send', fields: { data: data ?? null } }))
  }

  /** Reads a channel's history. @throws {ClientError} */
  async history<Name extends ChannelOf<C>>(
    channel: Name,
    options: HistoryOptions = {},
  ): Promise<History<DataOf<C, Name>>> {
    const { publications, epoch, offset } = await this.#request('history', { limit: 100, ...options, channel })
    return { publications: publications as History<DataOf<C, Name>>['publications'], position: { epoch, offset } }
  }

  #publish(channel: string, data: unknown): Promise<Position | undefined> {
    return this.#state === 'disconnected' ? Promise.reject(disconnected()) : this.#producer.publish(channel, data)
  }

  /** Makes a command that waits for its answer. */
  #command(method: string, fields: CommandFields, answer: Answer<IncomingResult>): string {
    return encodeCommand({ id: this.#requests.add(this.#options.timeoutMs, answer), method, fields })
  }

  async #request(method: string, fields: CommandFields): Promise<IncomingResult> {
    await this.#connected()
    return new Promise((resolve, reject) => {
      const answer: Answer<IncomingResult> = (outcome) =>
        outcome instanceof ClientError ? reject(outcome) : resolve(outcome)
      this.#socket.send(this.#command(method, fields, answer))
    })
  }

  async #connected(): Promise<void> {
    await this.ready(this.#options.timeoutMs)
    if (this.#state !== 'connected') throw new ClientError('connection-lost', 'connection lost')
  }

  #move(state: ClientState, code: number, reason: string): void {
    this.#state = state
    this.#session++
    this.#isIntroduced = false
    this.#requests.settleAll(new ClientError('connection-lost', `connection lost: ${reason}`))
    for (const receiver of this.#receivers.values()) receiver.lost()
    if (state === 'disconnected') {
      this.#producer.close()
      this.#waiting.settleAll(new ClientError('disconnected', reason, { status: code }))
    }
    if (state !== 'connected') this.emit(state, { code, reason })
  }

  #end(code: number, reason: string): void {
    if (this.#state === 'disconnected') return
    this.#socket.stop()
    // The next `connect()` may be for another user.
    this.#expireToken()
    this.#move('disconnected', code, reason)
  }

  #expireToken(): void {
    if (this.#options.getToken) this.#token = undefined
  }

  async #fetchToken(): Promise<void> {
    const { getToken } = this.#options
    if (!getToken || this.#token !== undefined) return
    const session = this.#session
    try {
      const token = await getToken()
      if (session !== this.#session) return
      if (token === null) this.#end(1, 'unauthorized')
      else this.#token = token
    } catch (cause) {
      this.emit('error', { error: new ClientError('token', 'getToken failed', { cause }) })
      throw cause
    }
  }

  #sendConnect(): void {
    const { data, name = 'oyez', headers } = this.#options
    const subs = Object.fromEntries(
      [...this.#cursors].map(([channel, { position }]) => [channel, position && { recover: true, ...position }]),
    )
    const fields = { token: this.#token, data, name, headers, subs, oyez_ext: 1 }
    let frame = this.#command('connect', fields, (outcome) => this.#onConnect(outcome))
    for (const receiver of this.#receivers.values()) {
      const command = receiver.begin()
      if (!command) continue
      if (frame.length + command.length > MAX_FRAME_CHARS) {
        this.#socket.send(frame)
        frame = command
      } else frame += `\n${command}`
    }
    this.#socket.send(frame)
    this.#isIntroduced = true
  }

  #onConnect(outcome: IncomingResult | ClientError): void {
    if (outcome instanceof ClientError) {
      const { code, status, message, temporary } = outcome
      if (code === 'connection-lost') return
      if (status === 109) this.#expireToken()
      if (temporary && (status !== 109 || this.#options.getToken)) this.#socket.restart(status, message)
      else this.#end(status, message)
      return
    }
    const { client, node, data, ping, subs } = outcome
    this.#pong = outcome.pong
    this.#extensions = outcome.extensions
    this.#socket.good(ping && ping * 1000 + PING_GRACE_MS)
    this.#state = 'connected'
    const session = this.#session
    this.emit('connected', { client, node, data })
    if (session !== this.#session) return
    this.#waiting.settleAll(undefined)
    for (const channel of this.#cursors.keys()) if (!subs.has(channel)) this.#cursors.delete(channel)
    for (const [channel, result] of subs) if (session === this.#session) this.#serverSubscribed(channel, result)
    if (session === this.#session) this.#producer.resume()
  }

  #serverSubscribed(channel: string, result: IncomingResult): void {
    let cursor = this.#cursors.get(channel)
    if (!cursor) this.#cursors.set(channel, (cursor = new Cursor()))
    const session = this.#session
    const broken = cursor.start(result)
    if (broken) this.emit('break', { channel, ...broken })
    for (const publication of result.publications) {
      if (session === this.#session) this.#take(channel, cursor, publication)
    }
  }

  #take(channel: string, cursor: Cursor, publication: IncomingPublication): void {
    const deliver = (next: IncomingPublication): void => this.emit('message', { channel, ...next })
    if (!cursor.take(publication, deliver)) this.#protocolError(`${channel}: a publication is missing`)
  }

  #protocolError(message: string): void {
    this.#socket.restart(6, message)
    this.emit('error', { error: new ClientError('protocol', message) })
  }

  #onFrame(data: unknown): void {
    const session = this.#session
    let messages: IncomingMessage[]
    try {
      messages = decodeServerFrame(data)
    } catch (error) {
      return this.#protocolError((error as Error).message)
    }
    for (const message of messages) {
      if (session !== this.#session) return
      this.#onMessage(message)
    }
  }

  #onMessage(message: IncomingMessage): void {
    if (message.type === 'ping') {
      if (this.#pong) this.#socket.send('{}')
    } else if (message.type === 'result') this.#requests.settle(message.id, message.result)
    else if (message.type === 'error') {
      this.#requests.settle(message.id, new ClientError('refused', message.error.message, message.error))
    } else if (message.type === 'message') this.emit('message', { data: message.data, channel: '', offset: 0 })
    else if (message.type === 'sync') this.#producer.sync()
    else if (message.type === 'subscribe') this.#serverSubscribed(message.channel, message.result)
    else {
      const { channel } = message
      const cursor = this.#cursors.get(channel)
      if (!cursor) this.#receivers.get(channel)?.push(message)
      else if (message.type === 'publication') this.#take(channel, cursor, message.publication)
      else if (message.type === 'break') this.emit('break', { channel, ...cursor.jump(message.break) })
      else if (message.type === 'epoch') cursor.renew(message.epoch)
      else this.#cursors.delete(channel)
    }
  }
}

function disconnected(): ClientError {
  return new ClientError('disconnected', 'disconnected')
}
