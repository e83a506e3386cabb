import { channelProblem, personalChannel } from '../protocol/channel.ts'
import { CloseCodes } from '../protocol/close-code.ts'
import { ErrorCodes } from '../protocol/error-code.ts'
import type { ClientMessage, SubscribeResult } from '../protocol/message.ts'
import type { BusSubscriptions } from './bus-subscriptions.ts'
import type { ChannelRules } from './channel-rule.ts'
import type { Connection } from './connection.ts'
import { type ConnectRequest, type HubHooks, type Identity, Refusal, toPayload } from './hooks.ts'
import type { HubLimits, HubTimes } from './options.ts'
import type { Registry } from './registry.ts'
import { Subscription } from './subscription.ts'
import { VERSION } from './version.ts'

/** What letting clients in needs of the hub. */
export interface AdmissionHost {
  readonly nodeName: string
  readonly hooks: HubHooks
  readonly limits: HubLimits
  readonly times: HubTimes
  readonly registry: Registry
  readonly rules: ChannelRules
  readonly busSubscriptions: BusSubscriptions
  onSubscribed(connection: Connection, channel: string, recovered: boolean): void
  onHookError(hook: string, error: unknown): void
}

/** Travels with each of the connection's publications. */
const MAX_INFO_BYTES = 16_384

type Connect = Extract<ClientMessage, { type: 'connect' }>

/** Lets clients in: asks who they are, applies the limits, subscribes them to their personal channel, and answers their connect. */
export class Admission {
  readonly #host: AdmissionHost

  constructor(host: AdmissionHost) {
    this.#host = host
  }

  /** Ends with the connection open, refused or closed. Never rejects. */
  async connect(connection: Connection, message: Connect): Promise<void> {
    try {
      const identity = await this.#authenticate(connection, message)
      if (!connection.isConnecting) return
      if (identity === undefined) return connection.close(CloseCodes.invalidToken)
      const { registry, limits } = this.#host
      if (identity.userId !== '' && registry.countOfUser(identity.userId) >= limits.maxConnectionsPerUser) {
        return connection.close(CloseCodes.connectionLimit)
      }
      connection.identity = identity
      connection.extensions = message.extensions
      // Before the subscriptions: an order to disconnect the user must find this connection.
      registry.admit(connection, identity.userId)
      const channels = serverSideChannels(identity)
      if (!connection.form.codec.binary && channels.some((channel) => this.#host.rules.of(channel).binary)) {
        return connection.close(CloseCodes.inappropriateProtocol)
      }
      const subs = await this.#subscribe(connection, channels, message)
      if (!connection.isConnecting) return
      this.#answer(connection, message.id, subs)
    } catch (error) {
      this.#refuse(connection, message.id, error)
    }
  }

  #answer(connection: Connection, id: number, subs: ReadonlyMap<string, SubscribeResult>): void {
    const { nodeName, times } = this.#host
    const { data } = connection.identity
    connection.admit({
      type: 'connected',
      id,
      client: connection.id,
      version: VERSION,
      ping: Math.ceil(times.pingIntervalMs / 1_000),
      pong: true,
      node: nodeName,
      data: data === undefined ? undefined : toPayload(data),
      subs,
      extensions: connection.extensions,
    })
    for (const [channel, { recovered }] of subs) this.#host.onSubscribed(connection, channel, recovered)
  }

  #refuse(connection: Connection, id: number, error: unknown): void {
    const { code, message, temporary } = error instanceof Refusal ? error : ErrorCodes.internal
    connection.refuse({ type: 'error', id, code, message, temporary })
    for (const subscription of connection.subscriptions.values()) this.#host.busSubscriptions.release(subscription)
    connection.subscriptions.clear()
    this.#host.registry.dismiss(connection, connection.userId)
  }

  async #authenticate(connection: Connection, message: Connect): Promise<Identity | undefined> {
    const { hooks } = this.#host
    if (hooks.authenticate === undefined) return { userId: '' }
    const request: ConnectRequest = {
      ...connection.request,
      clientHeaders: message.headers,
      token: message.token,
      data:
        message.data === undefined ? undefined : (JSON.parse(Buffer.from(message.data).toString('utf8')) as unknown),
      name: message.name,
      version: message.version,
    }
    try {
      const identity = (await hooks.authenticate(request)) ?? undefined
      if (identity !== undefined) checkIdentity(identity)
      return identity
    } catch (error) {
      if (!(error instanceof Refusal)) this.#host.onHookError('authenticate', error)
      throw error
    }
  }

  /** Subscribes the connection to its server-side channels; what they publish waits behind the answer to the connect. */
  async #subscribe(
    connection: Connection,
    channels: readonly string[],
    message: Connect,
  ): Promise<ReadonlyMap<string, SubscribeResult>> {
    const { busSubscriptions } = this.#host
    const results = new Map<string, SubscribeResult>()
    await Promise.all(
      channels.map(async (channel) => {
        const recover = message.subs.get(channel)
        const subscription = new Subscription(connection, channel, true)
        connection.subscriptions.set(channel, subscription)
        const local = await busSubscriptions.acquire(subscription, recover !== undefined)
        const joined = await local.join(subscription, recover, (result) => {
          results.set(channel, result)
          return true
        })
        if (!joined) busSubscriptions.release(subscription)
      }),
    )
    return results
  }
}

function serverSideChannels(identity: Identity): readonly string[] {
  const channels = new Set(identity.channels ?? [])
  if (identity.userId !== '') channels.add(personalChannel(identity.userId))
  return [...channels]
}

/** The authenticate hook is the application's: its answer is checked once, here. */
function checkIdentity(identity: Identity): void {
  if (typeof identity.userId !== 'string') throw new TypeError('authenticate must give a userId that is a string')
  for (const channel of serverSideChannels(identity)) {
    const problem = channelProblem(channel)
    if (problem !== undefined) throw new TypeError(`authenticate: ${problem}: ${JSON.stringify(channel)}`)
  }
  if (identity.data !== undefined) toPayload(identity.data)
  if (identity.info !== undefined && toPayload(identity.info).length > MAX_INFO_BYTES) {
    throw new TypeError(`authenticate: info is longer than ${MAX_INFO_BYTES} bytes`)
  }
}
