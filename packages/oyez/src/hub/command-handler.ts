import { channelProblem, userOfPersonalChannel } from '../protocol/channel.ts'
import { CloseCodes } from '../protocol/close-code.ts'
import { type ErrorCode, ErrorCodes } from '../protocol/error-code.ts'
import type { ClientMessage, Payload, Publication, SubscribeResult } from '../protocol/message.ts'
import type { Position } from '../protocol/position.ts'
import type { BusSubscriptions } from './bus-subscriptions.ts'
import type { Audience, ChannelRules } from './channel-rule.ts'
import type { Connection } from './connection.ts'
import { type HubHooks, Refusal, toPayload } from './hooks.ts'
import { HubError } from './hub-error.ts'
import type { HubLimits } from './options.ts'
import { decodePayload, JSON_PAYLOAD } from './payload.ts'
import type { Publisher } from './publisher.ts'
import type { Reader } from './read-gate.ts'
import { Subscription } from './subscription.ts'

/** What the commands of clients need of their hub. */
export interface CommandHost {
  readonly hooks: HubHooks
  readonly limits: HubLimits
  readonly rules: ChannelRules
  readonly publisher: Publisher
  readonly busSubscriptions: BusSubscriptions
  history(reader: Reader, request: HistoryRequest): Promise<HistoryReply>
  onSubscribed(connection: Connection, channel: string, recovered: boolean): void
  onUnsubscribed(connection: Connection, channel: string): void
  onHookError(hook: string, error: unknown): void
}

export interface HistoryRequest {
  readonly channel: string
  /** 0 asks for the position only. */
  readonly limit: number
  readonly since?: Position | undefined
  readonly reverse: boolean
}

/** `undefined` when `since` belongs to a history that is gone. */
export type HistoryReply = { readonly publications: readonly Publication[]; readonly position: Position } | undefined

/** Every command is answered, also a subscribe that an unsubscribe overtook. Temporary, since the client may have subscribed again since. */
const ENDED_EARLY: ErrorCode = { ...ErrorCodes.internal, message: 'unsubscribed before the subscribe was answered' }

type Command<Type extends ClientMessage['type']> = Extract<ClientMessage, { type: Type }>

/**
 * Carries out what admitted clients ask for. Every failure ends in an answer to that client and nowhere else. The work of a connection ends with it: after
 * each wait, a command whose connection is not open any more starts nothing new, neither in the bus nor in a hook.
 */
export class CommandHandler {
  readonly #host: CommandHost

  constructor(host: CommandHost) {
    this.#host = host
  }

  handle(connection: Connection, message: ClientMessage): void {
    if (connection.pendingCommands >= this.#host.limits.maxPendingCommands) {
      // What has no id cannot be refused, and dropping it in silence is worse than the end.
      if (message.id === 0) return connection.close(CloseCodes.tooManyRequests)
      return this.#fail(connection, message.id, ErrorCodes.tooManyRequests)
    }
    switch (message.type) {
      case 'publish':
        return this.#inOrder(connection, message)
      case 'subscribe':
        return this.#subscribeTracked(connection, message)
      case 'unsubscribe':
        return this.#unsubscribe(connection, message)
      case 'close-producer':
        return this.#track(connection, message.id, this.#closeProducer(connection, message))
      case 'history':
        return this.#track(connection, message.id, this.#history(connection, message))
      case 'rpc':
        return this.#track(connection, message.id, this.#rpc(connection, message))
      case 'send':
        return this.#track(connection, 0, this.#send(connection, message))
      case 'invalid':
        return this.#fail(connection, message.id, { ...ErrorCodes.badRequest, message: message.problem })
      case 'unsupported':
        return this.#fail(connection, message.id, ErrorCodes.notAvailable)
      case 'connect':
      case 'pong':
        // The connection itself has dealt with them.
        return
    }
  }

  /**
   * Publishes of one connection start one after the other: the order in the log is the order of the calls of `append`, so nobody waits for the answer
   * of the one before. Where nothing has to be asked, a publish starts at once and without a promise.
   */
  #inOrder(connection: Connection, message: Command<'publish'>): void {
    const before = connection.publishing
    const may =
      before === undefined
        ? this.#mayStart(connection, message)
        : before.then(() => connection.isOpen && this.#mayStart(connection, message))
    if (may === true) void this.#store(connection, message)
    else if (may !== false) this.#startWhenAllowed(connection, message, may)
  }

  #startWhenAllowed(connection: Connection, message: Command<'publish'>, may: Promise<boolean>): void {
    const started = may.then((isAllowed) => {
      if (isAllowed && connection.isOpen) void this.#store(connection, message)
    })
    const release = (): void => {
      if (connection.publishing === turn) connection.publishing = undefined
    }
    const turn: Promise<void> = started.then(release, release)
    connection.publishing = turn
    this.#track(connection, message.id, started)
  }

  /** Whether a publish may be carried out; otherwise it is answered. Says so at once where it can: waiting would cost every publish a turn of the event loop. */
  #mayStart(connection: Connection, message: Command<'publish'>): boolean | Promise<boolean> {
    const { id, channel, data, notJson } = message
    const { limits, rules } = this.#host
    if (!this.#isUsableChannel(connection, id, channel)) return false
    if (notJson !== undefined && !rules.of(channel).binary) {
      this.#fail(connection, id, { ...ErrorCodes.badRequest, message: notJson })
      return false
    }
    if (data.length > limits.maxPayloadBytes) {
      const limit = `payload is longer than ${limits.maxPayloadBytes} bytes`
      this.#fail(connection, id, { ...ErrorCodes.badRequest, message: limit })
      return false
    }
    // Whoever subscribes and then publishes expects to hear it: the publish waits until the subscription has its place in the log.
    const joining = connection.joining.get(channel)
    const permission =
      joining === undefined
        ? this.#mayPublish(connection, channel, data)
        : joining.then(() => connection.isOpen && this.#mayPublish(connection, channel, data))
    return typeof permission === 'boolean'
      ? this.#isPermitted(connection, id, permission)
      : permission.then((isPermitted) => this.#isPermitted(connection, id, isPermitted))
  }

  #isPermitted(connection: Connection, id: number, isPermitted: boolean): boolean {
    if (!isPermitted) this.#fail(connection, id, ErrorCodes.permissionDenied)
    return isPermitted
  }

  /** Hands a publish to the bus in this same step and answers it when it is stored. Never rejects. */
  async #store(connection: Connection, { id, channel, data, producer }: Command<'publish'>): Promise<void> {
    connection.pendingCommands += 1
    if (producer !== undefined && connection.extensions) connection.publishedAt = performance.now()
    try {
      const result = await this.#host.publisher.publishAs(connection, { channel, data, producer })
      if (result.kind === 'out-of-sequence') {
        const { code, message: words } = ErrorCodes.outOfSequence
        const { expected } = result
        const message = `${words}, expected ${expected}`
        connection.send({ type: 'error', id, code, message, temporary: false, expected })
      } else if (result.kind === 'unknown-producer') {
        this.#fail(connection, id, ErrorCodes.unknownProducer)
      } else {
        connection.send({ type: 'published', id, position: result.position, duplicate: result.kind === 'duplicate' })
      }
    } catch (error) {
      this.#answerError(connection, id, error)
    } finally {
      connection.pendingCommands -= 1
    }
  }

  #subscribeTracked(connection: Connection, message: Command<'subscribe'>): void {
    const { channel } = message
    const joined = this.#subscribe(connection, message)
      .catch((error: unknown) => this.#answerError(connection, message.id, error))
      .finally(() => {
        if (connection.joining.get(channel) === joined) connection.joining.delete(channel)
      })
    if (!connection.joining.has(channel)) connection.joining.set(channel, joined)
    this.#track(connection, message.id, joined)
  }

  async #subscribe(connection: Connection, message: Command<'subscribe'>): Promise<void> {
    const { id, channel, recover } = message
    if (!this.#isUsableChannel(connection, id, channel)) return
    const { subscriptions } = connection
    if (subscriptions.has(channel)) return this.#fail(connection, id, ErrorCodes.alreadySubscribed)
    if (subscriptions.size >= this.#host.limits.maxChannelsPerConnection) {
      return this.#fail(connection, id, ErrorCodes.limitExceeded)
    }
    // Entered before the first await, so that a second subscribe of the same channel is told so, and an unsubscribe finds it.
    const subscription = new Subscription(connection, channel, false)
    subscriptions.set(channel, subscription)
    let joined = false
    try {
      if (!(await this.#mayRead(connection, channel))) return this.#fail(connection, id, ErrorCodes.permissionDenied)
      if (!connection.isOpen) return
      if (!subscription.is('joining')) return this.#fail(connection, id, ENDED_EARLY)
      const local = await this.#host.busSubscriptions.acquire(subscription, recover !== undefined)
      let recovered = false
      let answered = false
      joined = await local.join(subscription, recover, (result: SubscribeResult) => {
        answered = true
        if (recover !== undefined && !result.recovered && message.rejectUnrecovered) {
          this.#fail(connection, id, ErrorCodes.unrecoverablePosition)
          return false
        }
        recovered = result.recovered
        connection.send({ type: 'subscribed', id, result })
        return true
      })
      if (joined) this.#host.onSubscribed(connection, channel, recovered)
      else if (!answered) this.#fail(connection, id, ENDED_EARLY)
    } finally {
      if (!joined) this.drop(connection, subscription)
    }
  }

  /** Ends a subscription on the hub's side. */
  drop(connection: Connection, subscription: Subscription): void {
    if (connection.subscriptions.get(subscription.channel) === subscription) {
      connection.subscriptions.delete(subscription.channel)
    }
    this.#host.busSubscriptions.release(subscription)
  }

  #unsubscribe(connection: Connection, { id, channel }: Command<'unsubscribe'>): void {
    const subscription = connection.subscriptions.get(channel)
    if (subscription?.isServerSide === true) return this.#fail(connection, id, ErrorCodes.permissionDenied)
    if (subscription !== undefined) {
      const wasJoined = !subscription.is('joining')
      this.drop(connection, subscription)
      if (wasJoined) this.#host.onUnsubscribed(connection, channel)
    }
    connection.send({ type: 'unsubscribed', id })
  }

  async #history(connection: Connection, message: Command<'history'>): Promise<void> {
    const { id, channel, since, reverse } = message
    if (!this.#isUsableChannel(connection, id, channel)) return
    if (!(await this.#mayRead(connection, channel))) return this.#fail(connection, id, ErrorCodes.permissionDenied)
    if (!this.#host.rules.of(channel).logged) return this.#fail(connection, id, ErrorCodes.notAvailable)
    const most = this.#host.limits.maxPublicationsPerReply
    const limit = message.limit < 0 ? most : Math.min(message.limit, most)
    if (!connection.isOpen) return
    const reply = await this.#host.history(connection, { channel, limit, since, reverse })
    if (reply === undefined) return this.#fail(connection, id, ErrorCodes.unrecoverablePosition)
    connection.send({ type: 'history', id, ...reply })
  }

  async #closeProducer(connection: Connection, { id, channel, producer }: Command<'close-producer'>): Promise<void> {
    if (!this.#isUsableChannel(connection, id, channel)) return
    if (!(await this.#mayClose(connection, channel))) return this.#fail(connection, id, ErrorCodes.permissionDenied)
    if (!this.#host.rules.of(channel).logged) return this.#fail(connection, id, ErrorCodes.notAvailable)
    // What this connection published before is stored first.
    await connection.publishing
    if (!connection.isOpen) return
    const closed = await this.#host.publisher.closeProducerOf(connection, channel, producer)
    connection.send({ type: 'producer-closed', id, ...closed })
  }

  /** A hook that fails for want of a payload must not keep the client asking for ever. */
  async #mayClose(connection: Connection, channel: string): Promise<boolean> {
    const { hooks, rules } = this.#host
    if (hooks.authorizePublish === undefined) return isIn(rules.of(channel).publish, connection)
    try {
      return (await hooks.authorizePublish(connection, channel, undefined)) === true
    } catch (error) {
      if (error instanceof Refusal) throw error
      this.#host.onHookError('authorizePublish', error)
      return false
    }
  }

  async #rpc(connection: Connection, { id, method, data }: Command<'rpc'>): Promise<void> {
    const { hooks } = this.#host
    if (hooks.onRpc === undefined) return this.#fail(connection, id, ErrorCodes.notAvailable)
    const result = await this.#ask('onRpc', () => hooks.onRpc?.(connection, method, decodePayload(data, JSON_PAYLOAD)))
    connection.send({ type: 'rpc', id, data: toPayload(result ?? null) })
  }

  async #send(connection: Connection, { data }: Command<'send'>): Promise<void> {
    const { hooks } = this.#host
    if (hooks.onMessage === undefined) return connection.close(CloseCodes.notAvailable)
    await this.#ask('onMessage', () => hooks.onMessage?.(connection, decodePayload(data, JSON_PAYLOAD)))
  }

  /** Whether a connection may subscribe to a channel and read its history. A personal channel is read by its user alone. */
  async #mayRead(connection: Connection, channel: string): Promise<boolean> {
    const owner = userOfPersonalChannel(channel)
    if (owner !== undefined) return owner !== '' && owner === connection.userId
    const { hooks, rules } = this.#host
    if (hooks.authorizeSubscribe === undefined) return isIn(rules.of(channel).subscribe, connection)
    return (await this.#ask('authorizeSubscribe', () => hooks.authorizeSubscribe?.(connection, channel))) === true
  }

  #mayPublish(connection: Connection, channel: string, data: Payload): boolean | Promise<boolean> {
    const { hooks, rules } = this.#host
    if (hooks.authorizePublish === undefined) return isIn(rules.of(channel).publish, connection)
    const see = (): unknown => decodePayload(data, rules.of(channel))
    return this.#ask('authorizePublish', () => hooks.authorizePublish?.(connection, channel, see())).then(
      (permission) => permission === true,
    )
  }

  /** Runs a hook of the application. Its Refusal is the answer; any other error is reported and becomes error 100. */
  async #ask<T>(hook: string, call: () => T | Promise<T>): Promise<T> {
    try {
      return await call()
    } catch (error) {
      if (error instanceof Refusal) throw error
      this.#host.onHookError(hook, error)
      throw new Refusal(ErrorCodes.internal.code, ErrorCodes.internal.message, { temporary: true })
    }
  }

  /** Whether the name is one, and the connection's wire form can carry the channel's payloads. Otherwise the command is answered. */
  #isUsableChannel(connection: Connection, id: number, channel: string): boolean {
    const problem = channelProblem(channel)
    if (problem !== undefined) {
      this.#fail(connection, id, { ...ErrorCodes.badRequest, message: problem })
      return false
    }
    if (!this.#host.rules.of(channel).binary || connection.form.codec.binary) return true
    this.#fail(connection, id, {
      ...ErrorCodes.notAvailable,
      message: 'not available: the channel carries binary payloads',
    })
    return false
  }

  #fail(connection: Connection, id: number, { code, message, temporary }: ErrorCode): void {
    if (connection.isOpen) connection.send({ type: 'error', id, code, message, temporary })
  }

  #answerError(connection: Connection, id: number, error: unknown): void {
    if (id === 0) return
    if (error instanceof Refusal) return this.#fail(connection, id, error)
    const message = error instanceof HubError ? error.message : ErrorCodes.internal.message
    this.#fail(connection, id, { ...ErrorCodes.internal, message })
  }

  /** Counts a command until it is answered; what goes wrong in it becomes its answer. */
  #track(connection: Connection, id: number, work: Promise<void>): void {
    connection.pendingCommands += 1
    void work
      .catch((error: unknown) => this.#answerError(connection, id, error))
      .finally(() => {
        connection.pendingCommands -= 1
      })
  }
}

function isIn(audience: Audience, connection: Connection): boolean {
  switch (audience) {
    case 'anyone':
      return true
    case 'authenticated':
      return connection.userId !== ''
    case 'nobody':
      return false
  }
}
