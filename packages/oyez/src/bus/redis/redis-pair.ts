import { ErrorReply, type RedisClientType } from '@redis/client'
import type { AppendAck } from '../bus.ts'
import { BusError } from '../bus-error.ts'
import { TERM_DIGITS } from './epoch.ts'
import { addressOf, type Endpoint } from './options.ts'
import { PairStatus } from './pair-status.ts'
import { Probe } from './probe.ts'
import { RedisCalls } from './redis-calls.ts'
import { makeClient } from './redis-client.ts'
import { actionFor, errorWord, isWriteRefusal, toBusError } from './redis-error-table.ts'
import { RedisLink } from './redis-link.ts'
import type { RedisPairOptions } from './redis-pair-options.ts'
import { askDurability } from './durability.ts'
import { checkAck, isClusterDown, readTerm } from './server-facts.ts'
import { SharedFlight } from './shared-flight.ts'

const OPEN_TIMEOUT_MS = 4_000
/** For all that {@link RedisPair.confirm} asks. */
const CONFIRM_MS = 2_000

/**
 * The two connections to one master, one for commands and one for hints, with the probe that watches both. Says what became of them as the bus contract
 * has it: `down`, `up`, and `gap` once every subscription is live again.
 */
export class RedisPair {
  readonly calls: RedisCalls
  readonly #options: RedisPairOptions
  readonly #commands: RedisLink
  readonly #hints: RedisLink
  readonly #probe: Probe
  readonly #status: PairStatus
  /** After a failover thousands of channels may ask at once: one probe answers them. */
  readonly #confirmation = new SharedFlight(() => this.#confirmNow())
  #endpoint: Endpoint | undefined
  #examined = false
  /** INFO server. */
  #server = ''
  /** Why a record cannot be said to be on the master's disk. */
  #durableProblem: string | undefined = 'is not connected'
  readonly #durabilityInquiry = new SharedFlight(() => this.#askDurabilityAgain())
  /** A node of a Cluster that says that it takes nothing. */
  #isSick = false
  #term = ''

  constructor(options: RedisPairOptions) {
    this.#options = options
    this.#status = new PairStatus((status) => options.onStatus(status))
    this.calls = new RedisCalls({
      client: () => this.#commands.client,
      address: () => this.address,
      maxInFlight: options.maxInFlight,
      scripts: options.scripts,
      batched: options.batched,
      guard: () => this.refuseWhenUnusable(),
      onFailure: (error, told) => this.#onCallFailed(error, told),
    })
    this.#commands = new RedisLink({
      create: () => this.#createClient(this.#hints),
      prepare: (client) => this.#prepareCommands(client),
      openTimeoutMs: () => OPEN_TIMEOUT_MS,
      onReady: () => {
        this.#status.commandsBack()
        this.#probe.start()
        this.#settle()
      },
      onLost: (error) => this.#onCommandsLost(error),
    })
    this.#hints = new RedisLink({
      create: () => this.#createClient(this.#commands),
      prepare: (client) => options.table.restore(client),
      // A hundred thousand channels take Redis a good second; a slow link gets some more.
      openTimeoutMs: () => OPEN_TIMEOUT_MS + Math.ceil(options.table.size / 20),
      onReady: () => {
        this.#status.hintsBack()
        this.#probe.forgetUnheard()
        this.#settle()
      },
      onLost: (error) => this.#onHintsLost(error),
    })
    this.#probe = new Probe({
      send: (number) => this.#sendProbe(number),
      hearing: () => this.#hints.client !== undefined,
      onDead: (reason) => this.#replaceBoth(reason),
    })
  }

  /** For messages: where the master is, as far as is known. */
  get address(): string {
    return this.#endpoint === undefined ? this.#options.address : addressOf(this.#endpoint)
  }

  /** Where the master is, as far as is known. */
  get endpoint(): Endpoint | undefined {
    return this.#endpoint
  }

  /** Whether both connections work. */
  get isUp(): boolean {
    return this.#status.state === 'up'
  }

  /** The commands connection, while there is one. */
  get client(): RedisClientType | undefined {
    return this.#commands.client
  }

  get closed(): boolean {
    return this.#status.state === 'closed'
  }

  /** Times that something was lost and all was found again. */
  get reconnects(): number {
    return this.#status.reconnects
  }

  /** Connects both, or rejects with what is wrong. Nothing is said to `onStatus` before {@link announce}. */
  async connect(): Promise<void> {
    if (this.#status.state !== 'idle') throw new TypeError('RedisBus.start was called before')
    this.#status.start()
    await this.#commands.start()
    await this.#hints.start()
    this.#options.locator.watch(() => this.#followMaster())
  }

  /** Says `up`, and from now on whatever happens. An outage since {@link connect} is told like any other. */
  announce(): void {
    this.#status.announce()
    this.#settle()
  }

  /** Connects, and tries for ever; says `up` and `gap` when it is done. For a master that has come to a bus that runs. */
  begin(): void {
    this.#status.begin()
    this.#commands.begin()
    this.#hints.begin()
  }

  /** A message on the probe channel. */
  heardProbe(message: Buffer): void {
    const number = Number(message.toString('latin1', 0, 16))
    if (Number.isSafeInteger(number)) this.#probe.heard(number)
  }

  /** An epoch that a script answered with shows who the master is. */
  sawEpoch(epoch: string): void {
    if (!epoch.endsWith(this.#term)) this.#sawTerm(epoch.slice(-TERM_DIGITS))
  }

  /** @throws {BusError} when this Redis cannot acknowledge like that */
  checkAck(ack: AppendAck): void {
    // Somebody may mend it while the bus runs.
    if (ack === 'durable' && this.#durableProblem !== undefined) void this.#durabilityInquiry.join()
    checkAck(ack, this.#durableProblem, this.address)
  }

  /** Asks the master afresh whether it can promise that a record is on its disk. @returns why not, or `undefined` */
  async askDurability(client: RedisClientType): Promise<string | undefined> {
    this.#durableProblem = await askDurability(client, this.#server)
    return this.#durableProblem
  }

  /**
   * Makes sure, afresh, that this is the master and that both connections work: a probe goes out and is heard again, Redis says that it is a master, and
   * whoever decides about that agrees.
   */
  confirm(): Promise<boolean> {
    this.refuseWhenUnusable()
    return this.#confirmation.join()
  }

  /** @throws {BusError} before the start and after the end. */
  refuseWhenUnusable(): void {
    if (this.closed) throw new BusError('closed', 'the bus was closed')
    if (this.#status.state === 'idle') throw new BusError('unavailable', 'the bus was not started')
  }

  close(): void {
    if (this.closed) return
    this.#status.close()
    this.#probe.stop()
    this.#options.table.close()
    this.#options.locator.close()
    this.#commands.close()
    this.#hints.close()
  }

  async #confirmNow(): Promise<boolean> {
    const [endpoint, client] = [this.#endpoint, this.#commands.client]
    if (!this.isUp || endpoint === undefined || client === undefined) return false
    const [heard, agreed] = await Promise.all([
      this.#probe.fresh(CONFIRM_MS),
      this.#options.locator.confirms(endpoint).catch(() => false),
    ])
    // The probe asked for the role, too, and a replica has had its connections replaced by now.
    return heard && agreed && this.isUp && this.#commands.client === client
  }

  /** Both connections go to the same master: when one finds it elsewhere, the other follows. */
  async #createClient(other: RedisLink): Promise<RedisClientType> {
    const endpoint = await this.#options.locator.locate()
    const before = this.#endpoint
    this.#endpoint = endpoint
    if (before !== undefined && addressOf(before) !== addressOf(endpoint)) other.restart(this.#moved(before))
    return makeClient(endpoint, this.#options.login)
  }

  #followMaster(): void {
    if (this.closed) return
    const error = this.#moved(this.#endpoint)
    this.#commands.restart(error)
    this.#hints.restart(error)
  }

  #moved(from: Endpoint | undefined): BusError {
    const address = from === undefined ? this.address : addressOf(from)
    return new BusError('unavailable', `Redis at ${address} is no longer the master`)
  }

  async #prepareCommands(client: RedisClientType): Promise<void> {
    if (this.#status.state === 'starting' && !this.#examined) await this.#options.examine?.(client)
    this.#examined = true
    const sentAt = performance.now()
    const [time, replication, server] = await Promise.all([
      client.sendCommand(['TIME']),
      client.sendCommand(['INFO', 'replication']),
      client.sendCommand(['INFO', 'server']),
      this.calls.attach(client),
    ])
    this.calls.clock.observe(time, sentAt)
    this.#server = typeof server === 'string' ? server : ''
    await this.askDurability(client)
    this.#sawTerm(readTerm(replication, this.address))
  }

  async #askDurabilityAgain(): Promise<boolean> {
    const client = this.#commands.client
    if (client !== undefined) await this.askDurability(client).catch(() => undefined)
    return true
  }

  async #sendProbe(number: number): Promise<void> {
    const client = this.#commands.client
    if (client === undefined) return
    const { inCluster, probeName } = this.#options
    const sentAt = performance.now()
    const published = client.sendCommand(['PUBLISH', probeName, String(number)])
    const [sent, time, info, cluster] = await Promise.allSettled([
      published,
      client.sendCommand(['TIME']),
      client.sendCommand(['INFO', 'replication']),
      inCluster ? client.sendCommand(['CLUSTER', 'INFO']) : undefined,
    ])
    if (sent.status === 'rejected' && errorWord(sent.reason) === 'NOPERM') {
      // The right to publish was taken away: the connections work, and new ones would hear no more.
      this.#probe.forgetUnheard()
      this.#options.onRefusal(toBusError(sent.reason, 'write', this.address))
    }
    if (time.status === 'fulfilled') this.calls.clock.observe(time.value, sentAt)
    if (info.status !== 'fulfilled' || this.#commands.client !== client) return
    try {
      this.#sawTerm(readTerm(info.value, this.address))
    } catch (error) {
      this.#replaceBoth(error instanceof Error ? error : new Error(String(error)))
      return
    }
    if (!inCluster) return
    this.#sawClusterState(cluster.status === 'fulfilled' && isClusterDown(cluster.value))
    void this.#auditSubscriptions()
  }

  #sawClusterState(isDown: boolean): void {
    if (isDown === this.#isSick) return
    this.#isSick = isDown
    if (!isDown) return this.#settle()
    this.#status.lost(toBusError(new ErrorReply('CLUSTERDOWN'), 'read', this.address))
    this.#options.onTrouble?.()
  }

  /** Redis ends subscriptions by itself when slots move, and the library can overlook that it does. */
  async #auditSubscriptions(): Promise<void> {
    if (await this.#options.table.audit().catch(() => true)) return
    this.#hints.replace(new BusError('unavailable', `Redis at ${this.address} dropped a subscription`))
  }

  /** Another master, or the same after a restart: what the hints said before may not have survived. */
  #sawTerm(term: string): void {
    if (term === this.#term) return
    const first = this.#term === ''
    this.#term = term
    if (first) return
    this.#status.mayHaveMissed()
    this.#settle()
  }

  #onCallFailed(error: unknown, told: BusError): void {
    if (this.closed) throw new BusError('closed', 'the bus was closed', { cause: error })
    if (isWriteRefusal(told)) this.#options.onRefusal(told)
    if (actionFor(error) !== 're-resolve') return
    if (errorWord(error) === 'CLUSTERDOWN') this.#options.onTrouble?.()
    else this.#replaceBoth(told)
  }

  #replaceBoth(error: Error): void {
    if (this.closed) return
    const told = toBusError(error, 'read', this.address)
    this.#commands.replace(told)
    this.#hints.replace(told)
  }

  #onCommandsLost(error: Error): void {
    this.calls.detach()
    this.#probe.stop()
    this.#isSick = false
    this.#status.lost(toBusError(error, 'read', this.address))
    this.#options.onTrouble?.()
  }

  #onHintsLost(error: Error): void {
    this.#options.table.detach()
    this.#status.hintsLost(toBusError(error, 'read', this.address))
    this.#options.onTrouble?.()
  }

  /** Once both connections are live. */
  #settle(): void {
    if (this.#commands.client !== undefined && this.#hints.client !== undefined && !this.#isSick) this.#status.live()
  }
}
