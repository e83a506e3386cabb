import { randomBytes } from 'node:crypto'
import type { Bus, BusStatus } from '../bus/bus.ts'
import { personalChannel } from '../protocol/channel.ts'
import { type CloseCode, CloseCodes, isCloseCode } from '../protocol/close-code.ts'
import type { AnyContract, ChannelOf, Contract, DataOf } from '../protocol/contract.ts'
import type { Position } from '../protocol/position.ts'
import type { Transport } from '../transport/transport.ts'
import { Admission } from './admission.ts'
import { Audit } from './audit.ts'
import { BusCondition } from './bus-condition.ts'
import { BusSubscriptions } from './bus-subscriptions.ts'
import { ChannelRules } from './channel-rule.ts'
import { CommandHandler, type HistoryRequest } from './command-handler.ts'
import { Connection, type ConnectionHost } from './connection.ts'
import { CONTROL_CHANNEL, Control, type DisconnectOrder, type DisconnectTarget } from './control.ts'
import { drain } from './drain.ts'
import { Emitter } from './emitter.ts'
import { Flusher } from './flusher.ts'
import { Heartbeat } from './heartbeat.ts'
import { Housekeeping } from './housekeeping.ts'
import { HistoryReader } from './history-reader.ts'
import { checkedLimit, type HistoryAnswer, type HistoryOptions, toHistoryResult } from './history-result.ts'
import type { AcceptRequest, ConnectionView } from './hooks.ts'
import { HubError } from './hub-error.ts'
import type { JsonText } from './json-text.ts'
import type { HubEvents } from './hub-event.ts'
import type { HubStats } from './hub-stats.ts'
import type { ChannelHost } from './local-channel.ts'
import {
  type CloseOptions,
  type HubLimits,
  type HubOptions,
  type HubTimes,
  type PublishOptions,
  resolveHubOptions,
} from './options.ts'
import { Pace } from './pace.ts'
import { checkChannel, encodePayload } from './payload.ts'
import { ProducerSync } from './producer-sync.ts'
import { asHubError, Publisher } from './publisher.ts'
import type { Reader } from './read-gate.ts'
import { ReadGates } from './read-gates.ts'
import { Registry } from './registry.ts'
import { RingBudget } from './ring.ts'
import { finishParting } from './subscription.ts'
import { WireForms } from './wire-form.ts'

/**
 * Owns the connections of one process and makes them, together with the hubs of other processes on the same bus, one server.
 *
 * @typeParam C - What travels on which channel; see {@link Contract}. Without it every payload is `unknown`.
 */
export class Hub<C extends Contract = AnyContract> {
  /** Shown to clients and in stats. */
  readonly nodeName: string
  readonly #bus: Bus
  readonly #limits: HubLimits
  readonly #times: HubTimes
  readonly #rules: ChannelRules
  readonly #events = new Emitter<HubEvents>()
  readonly #registry = new Registry()
  readonly #forms: WireForms
  readonly #flusher = new Flusher()
  readonly #ringBudget: RingBudget
  readonly #reads = new ReadGates()
  readonly #history: HistoryReader
  readonly #busSubscriptions: BusSubscriptions
  readonly #publisher: Publisher
  readonly #control: Control
  readonly #producerSync = new ProducerSync(() => this.#registry.all())
  readonly #partings = new Pace(finishParting)
  readonly #housekeeping: Housekeeping
  readonly #admission: Admission
  readonly #commands: CommandHandler
  readonly #connectionHost: ConnectionHost
  readonly #busCondition = new BusCondition()
  readonly #counts = { delivered: 0, breaks: 0, resyncs: 0 }
  #heartbeat: Heartbeat | undefined
  #state: 'new' | 'starting' | 'running' | 'draining' | 'closed' = 'new'
  #closing: Promise<void> | undefined

  /** @throws {TypeError} when an option makes no sense, naming it. */
  constructor(options: HubOptions) {
    const { limits, times } = resolveHubOptions(options)
    this.nodeName = options.nodeName ?? `node-${randomBytes(4).toString('hex')}`
    this.#bus = options.bus
    this.#limits = limits
    this.#times = times
    this.#rules = new ChannelRules(options.channels)
    this.#forms = new WireForms(options.codecs)
    this.#ringBudget = new RingBudget(limits.ringBytes)
    this.#busSubscriptions = new BusSubscriptions(this.#channelHost(), this.#rules, times.lingerMs)
    this.#publisher = new Publisher(options.bus, this.#rules, (channel, position) =>
      this.#busSubscriptions.get(channel)?.sequencer?.expect(position),
    )
    const { bus } = options
    this.#history = new HistoryReader({ bus, rules: this.#rules, gate: this.#reads.clients, limits })
    this.#control = new Control(options.bus, (order) => this.#obey(order))
    this.#housekeeping = this.#makeHousekeeping()
    const shared = {
      hooks: options,
      limits,
      times,
      rules: this.#rules,
      registry: this.#registry,
      publisher: this.#publisher,
      busSubscriptions: this.#busSubscriptions,
      nodeName: this.nodeName,
      history: (reader: Reader, request: HistoryRequest) => this.#history.read(reader, request),
      onSubscribed: (connection: Connection, channel: string, recovered: boolean) =>
        this.#events.emit('subscribed', { connection, channel, recovered }),
      onUnsubscribed: (connection: Connection, channel: string) =>
        this.#events.emit('unsubscribed', { connection, channel }),
      onHookError: (hook: string, error: unknown) => this.#events.emit('hookError', { hook, error }),
    }
    this.#admission = new Admission(shared)
    this.#commands = new CommandHandler(shared)
    this.#connectionHost = this.#makeConnectionHost()
  }

  /** Whether new connections are welcome. */
  get accepting(): boolean {
    return this.#state === 'running'
  }

  /** Whether this node can serve clients: it runs and its bus is there, be it `refusing`. What a load balancer should ask. */
  get ready(): boolean {
    return this.#state === 'running' && this.#busCondition.isThere
  }

  /** The state of the bus, and in a few words why it is down or refusing: see {@link HubStats}. */
  get bus(): Pick<HubStats, 'bus' | 'busReason'> {
    return this.#busCondition.stats
  }

  /**
   * Connects the bus. Call it once, before `accept` and `publish`.
   *
   * @throws The bus's own error, which says what is wrong and where, when it cannot be reached. The hub is closed then.
   */
  async start(): Promise<void> {
    if (this.#state !== 'new') throw new TypeError('Hub.start() is called once')
    this.#state = 'starting'
    try {
      await this.#bus.start({
        onPublication: (channel, bytes, position) => this.#hear(channel, bytes, position),
        onStatus: (status) => this.#onBusStatus(status),
      })
      await this.#control.start()
      if (this.#closing !== undefined) throw new HubError('closed', 'the hub was closed while it started')
    } catch (error) {
      await this.close()
      throw error
    }
    this.#heartbeat = new Heartbeat(this.#times.pingIntervalMs, this.#times.pongTimeoutMs, () =>
      this.#housekeeping.turn(),
    )
    this.#state = 'running'
  }

  /** Takes a client's transport over. A hub that is not running sends it away, to come back elsewhere. */
  accept(transport: Transport, request: AcceptRequest): void {
    const form = this.#forms.of(request.format, transport.pack)
    const connection = new Connection(this.#connectionHost, { transport, form, request })
    this.#registry.add(connection)
    connection.start()
    if (!this.accepting) connection.close(CloseCodes.shutdown)
    else if (form.codec.name !== request.format) connection.close(CloseCodes.inappropriateProtocol)
  }

  /**
   * Publishes to a channel. Resolves when the publication is stored, with its position; with `undefined` for ephemeral channels, when it was passed on.
   * In a channel whose rule has `binary`, a `Uint8Array` is published as it is.
   *
   * @throws {TypeError} when the channel name or the payload is not acceptable.
   * @throws {HubError} `bus-unavailable` or `bus-refused` (nothing was published) or `bus-uncertain` (it may have been, or less safely than asked), within 5 s.
   */
  async publish<Name extends ChannelOf<C>>(
    channel: Name,
    data: DataOf<C, Name> | JsonText,
    options: PublishOptions = {},
  ): Promise<Position | undefined> {
    return this.#publish(channel, data, options)
  }

  /** Publishes to the personal channel of a user: every device of theirs, on whichever node it is. Otherwise like {@link Hub.publish}. */
  async sendToUser(
    userId: string,
    data: C['personal'] | JsonText,
    options: PublishOptions = {},
  ): Promise<Position | undefined> {
    if (userId === '') throw new TypeError('userId is empty: anonymous users have no personal channel')
    return this.#publish(personalChannel(userId), data, options)
  }

  /**
   * Ends the connections of a user, or one connection, on whichever node they are.
   *
   * @param close - @default 3503 "force disconnect", after which clients do not come back by themselves
   * @throws {TypeError} when the code is not one that an application or the hub may close with, 3000 to 4999.
   * @throws {HubError} when the order could not be given to the other nodes; this node has obeyed nevertheless.
   */
  async disconnect(target: DisconnectTarget, close: CloseCode = CloseCodes.forceDisconnect): Promise<void> {
    if (!isCloseCode(close.code)) throw new TypeError(`close code ${close.code} is not in 3000 to 4999`)
    this.#obey({ target, close })
    try {
      await this.#control.disconnect({ target, close })
    } catch (error) {
      throw asHubError(error)
    }
  }

  /**
   * Publications kept in a channel's log, oldest first. One answer holds about 1 MiB (`highWaterBytes`): while `position` is beyond the last publication of
   * an answer that holds fewer than asked for, ask again with the offset of that publication in `since`.
   *
   * @throws {HubError} when the bus cannot be asked, or with `unrecoverable-position` when `since` belongs to a history that is gone.
   */
  async history<Name extends ChannelOf<C>, Raw extends boolean = false>(
    channel: Name,
    options: HistoryOptions & { readonly raw?: Raw | undefined } = {},
  ): Promise<HistoryAnswer<DataOf<C, Name>, Raw>> {
    checkChannel(channel)
    const { since, reverse = false, raw } = options
    const limit = checkedLimit(options.limit ?? this.#limits.maxPublicationsPerReply)
    try {
      const reply = await this.#history.readForApplication({ channel, limit, since, reverse })
      return toHistoryResult<DataOf<C, Name>, Raw>(reply, this.#rules.of(channel), raw)
    } catch (error) {
      throw asHubError(error)
    }
  }

  /** Hears what happens in the hub. @returns A function that stops hearing it. */
  on<Type extends keyof HubEvents>(type: Type, listener: (event: HubEvents[Type]) => unknown): () => void {
    return this.#events.on(type, listener)
  }

  /** The clients that have been let in at this node. */
  *connections(): Generator<ConnectionView> {
    for (const connection of this.#registry.authenticated()) if (connection.isOpen) yield connection
  }

  /** Numbers of this moment; costs a pass over the connections. */
  stats(): HubStats {
    let subscriptions = 0
    let channels = 0
    let sequencers = 0
    let lagging = 0
    for (const channel of this.#busSubscriptions.channels()) {
      subscriptions += channel.subscriptions.size
      if (channel.subscriptions.size > 0) channels += 1
      if (channel.sequencer !== undefined) sequencers += 1
      lagging += channel.lagging
    }
    let queuedBytes = 0
    for (const connection of this.#registry.all()) queuedBytes += connection.pendingBytes
    return {
      node: this.nodeName,
      ...this.#busCondition.stats,
      connections: this.#registry.size,
      users: this.#registry.users,
      subscriptions,
      channels,
      busChannels: this.#busSubscriptions.size,
      sequencers,
      lagging,
      queuedBytes,
      ringBytes: this.#ringBudget.usedBytes,
      ...this.#counts,
      published: this.#publisher.published,
      busStats: this.#bus.stats(),
    }
  }

  /** Sends the clients away (close 3001, they reconnect elsewhere), closes the bus and lets the process end. Idempotent. */
  close(options: CloseOptions = {}): Promise<void> {
    this.#closing ??= this.#close(options.drainMs ?? 0)
    return this.#closing
  }

  async #close(drainMs: number): Promise<void> {
    this.#state = 'draining'
    await drain([...this.#registry.all()], drainMs)
    this.#state = 'closed'
    this.#heartbeat?.close()
    this.#busSubscriptions.close()
    await this.#bus.close()
    this.#busCondition.close()
    this.#events.clear()
  }

  async #publish(
    channel: string,
    data: unknown,
    { idempotencyKey, ack }: PublishOptions,
  ): Promise<Position | undefined> {
    checkChannel(channel)
    const payload = encodePayload(data, this.#rules.of(channel), this.#limits.maxPayloadBytes)
    if (this.#state !== 'running' && this.#state !== 'draining') {
      throw new HubError('closed', this.#state === 'closed' ? 'the hub is closed' : 'the hub is not started')
    }
    const result = await this.#publisher.publish({ channel, data: payload, idempotencyKey, ack })
    return 'position' in result ? result.position : undefined
  }

  #hear(channel: string, bytes: Uint8Array, position: Position | undefined): void {
    if (channel === CONTROL_CHANNEL) this.#control.hear(bytes)
    else this.#busSubscriptions.get(channel)?.hear(bytes, position)
  }

  #onBusStatus(status: BusStatus): void {
    if (this.#state === 'closed') return
    const told = this.#busCondition.hear(status)
    if (status.state === 'gap') this.#resync(status.channels)
    if (status.state === 'gap' && status.channels === undefined) this.#producerSync.ask()
    this.#events.emit('bus', told)
  }

  /** Reads channels again from their positions; all of them when none are named. */
  #resync(names: readonly string[] | undefined): void {
    const channels = names?.map((name) => this.#busSubscriptions.get(name)) ?? this.#busSubscriptions.channels()
    for (const channel of channels) void channel?.sequencer?.resync()
  }

  #obey({ target, close }: DisconnectOrder): void {
    if ('userId' in target) for (const connection of this.#registry.ofUser(target.userId)) connection.close(close)
    else this.#registry.get(target.connectionId)?.close(close)
  }

  #onAdmitted(connection: Connection): void {
    this.#heartbeat?.add(connection)
    this.#events.emit('connected', { connection })
  }

  #onGone(connection: Connection, code: number, reason: string): void {
    for (const subscription of connection.subscriptions.values()) this.#busSubscriptions.release(subscription)
    connection.subscriptions.clear()
    this.#reads.leave(connection)
    this.#heartbeat?.remove(connection)
    this.#registry.remove(connection, connection.userId)
    if (connection.wasAdmitted) this.#events.emit('disconnected', { connection, code, reason })
  }

  #makeHousekeeping(): Housekeeping {
    const warn = (message: string, error?: unknown): void => this.#events.emit('warning', { message, error })
    return new Housekeeping({
      times: this.#times,
      registry: this.#registry,
      busSubscriptions: this.#busSubscriptions,
      audit: new Audit(this.#bus, () => this.#busSubscriptions.open(), warn),
      producerSync: this.#producerSync,
      isBusUp: () => this.#busCondition.isThere,
      onStall: (stoodStillMs) => {
        warn(`the process stood still for ${Math.round(stoodStillMs)} ms; every channel is read again`)
        this.#resync(undefined)
      },
    })
  }

  #makeConnectionHost(): ConnectionHost {
    return {
      highWaterBytes: this.#limits.highWaterBytes,
      maxPendingCommands: this.#limits.maxPendingCommands,
      flushSoon: (connection) => this.#flusher.add(connection),
      connect: (connection, message) => this.#admission.connect(connection, message),
      command: (connection, message) => this.#commands.handle(connection, message),
      onAdmitted: (connection) => this.#onAdmitted(connection),
      dropSubscription: (connection, subscription) => {
        this.#commands.drop(connection, subscription)
        this.#events.emit('unsubscribed', { connection, channel: subscription.channel })
      },
      onWritable: (connection) => {
        for (const subscription of connection.subscriptions.values()) {
          if (subscription.state === 'lagging')
            void this.#busSubscriptions.get(subscription.channel)?.catchUp(subscription)
        }
      },
      onGone: (connection, code, reason) => this.#onGone(connection, code, reason),
    }
  }

  #channelHost(): ChannelHost {
    return {
      bus: this.#bus,
      ringBudget: this.#ringBudget,
      maxPublicationsPerReply: this.#limits.maxPublicationsPerReply,
      maxReplyBytes: this.#limits.highWaterBytes,
      reads: this.#reads,
      count: (what, by) => void (this.#counts[what] += by),
      sendAway: (subscription) => this.#partings.add(subscription),
      onNewEpoch: () => this.#producerSync.ask(),
      onBreak: (channel, broken, subscribers) => this.#events.emit('break', { channel, break: broken, subscribers }),
      onTrouble: (message, error) => this.#events.emit('warning', { message, error }),
    }
  }
}
