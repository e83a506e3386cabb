import { createClient, ErrorReply, type RedisClientType } from '@redis/client'
import type { BusStatus } from '../bus.ts'
import { BusError } from '../bus-error.ts'
import { TERM_DIGITS } from './epoch.ts'
import type { ResolvedRedisOptions } from './options.ts'
import { Probe } from './probe.ts'
import { type CallKind, toBusError } from './redis-error-table.ts'
import { RedisLink } from './redis-link.ts'
import { type BatchItem, ScriptBatch } from './script-batch.ts'
import { type Script, type ScriptCall, ScriptRunner } from './scripts.ts'
import { ServerClock } from './server-clock.ts'
import type { SubscriptionTable } from './subscription-table.ts'

export interface RedisPairOptions {
  readonly redis: ResolvedRedisOptions
  readonly scripts: readonly Script[]
  /** One of the scripts: it takes many items at a time. */
  readonly batched: Script
  readonly table: SubscriptionTable
  /** The pub/sub channel on which this node hears its own probes; one of those that the table always subscribes. */
  readonly probeName: string
  readonly onStatus: (status: BusStatus) => void
}

const OPEN_TIMEOUT_MS = 4_000
/** Hints that are gone for longer than this are an outage; a shorter absence is a gap. */
const HINTS_GRACE_MS = 3_000

/**
 * The two connections to one Redis, one for commands and one for hints, with the probe that watches both. Says what became of them as the bus contract
 * has it: `down`, `up`, and `gap` once every subscription is live again.
 */
export class RedisPair {
  /** Server time, for deadlines. */
  readonly clock: ServerClock = new ServerClock()
  readonly #options: RedisPairOptions
  readonly #commands: RedisLink
  readonly #hints: RedisLink
  readonly #probe: Probe
  #scripts: ScriptRunner | undefined
  #batch: ScriptBatch | undefined
  #state: 'idle' | 'starting' | 'up' | 'down' | 'closed' = 'idle'
  /** Hints may have been lost since the last time that `gap` was said. */
  #gapDue = false
  #graceTimer: NodeJS.Timeout | undefined
  #term = ''
  #inFlight = 0
  /** Something was lost, and is not all back yet. */
  #outage = false
  #reconnects = 0

  constructor(options: RedisPairOptions) {
    this.#options = options
    this.#commands = new RedisLink({
      create: () => this.#createClient(),
      prepare: (client) => this.#prepareCommands(client),
      openTimeoutMs: () => OPEN_TIMEOUT_MS,
      onReady: () => this.#onCommandsReady(),
      onLost: (error) => this.#onCommandsLost(error),
    })
    this.#hints = new RedisLink({
      create: () => this.#createClient(),
      prepare: (client) => options.table.restore(client),
      // A hundred thousand channels take Redis a good second; a slow link gets some more.
      openTimeoutMs: () => OPEN_TIMEOUT_MS + Math.ceil(options.table.size / 20),
      onReady: () => this.#onHintsReady(),
      onLost: (error) => this.#onHintsLost(error),
    })
    this.#probe = new Probe({
      send: (number) => this.#sendProbe(number),
      hearing: () => this.#hints.client !== undefined,
      onDead: (reason) => this.#replaceBoth(reason),
    })
  }

  get closed(): boolean {
    return this.#state === 'closed'
  }

  /** Times that something was lost and all was found again. */
  get reconnects(): number {
    return this.#reconnects
  }

  /** Connects both, or rejects with what is wrong. Nothing is said to `onStatus` before {@link announce}. */
  async connect(): Promise<void> {
    if (this.#state !== 'idle') throw new TypeError('RedisBus.start was called before')
    this.#state = 'starting'
    await Promise.all([this.#commands.start(), this.#hints.start()])
  }

  /** Says `up`, and from now on whatever happens. An outage since {@link connect} is told like any other. */
  announce(): void {
    if (this.#state !== 'starting') return
    this.#state = 'down'
    this.#settle()
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

  /** Runs a script over the commands connection. Calls are sent in the order in which they are made. */
  run(kind: CallKind, call: ScriptCall): Promise<unknown> {
    return this.call(
      kind,
      () => this.#scripts?.run(call) ?? Promise.reject(new BusError('unavailable', 'no connection')),
    )
  }

  /** Runs the batched script for one item, together with what else comes in this turn of the event loop. */
  runBatched(item: BatchItem): Promise<unknown> {
    return this.call(
      'write',
      () => this.#batch?.run(item) ?? Promise.reject(new BusError('unavailable', 'no connection')),
    )
  }

  /** Makes a call over the commands connection; whatever goes wrong rejects as a {@link BusError}. */
  async call<T>(kind: CallKind, send: (client: RedisClientType) => Promise<T>): Promise<T> {
    this.refuseWhenUnusable()
    const { address, maxInFlight } = this.#options.redis
    const client = this.#commands.client
    if (client === undefined) throw new BusError('unavailable', `Redis at ${address} is not connected`)
    if (this.#inFlight >= maxInFlight) {
      throw new BusError('unavailable', `${maxInFlight} calls already wait for Redis at ${address}`)
    }
    this.#inFlight++
    try {
      return await send(client)
    } catch (error) {
      if (this.closed) throw new BusError('closed', 'the bus was closed', { cause: error })
      const told = toBusError(error, kind, address)
      if (error instanceof ErrorReply && error.message.startsWith('READONLY')) this.#replaceBoth(told)
      throw told
    } finally {
      this.#inFlight--
    }
  }

  /** @throws {BusError} before the start and after the end. */
  refuseWhenUnusable(): void {
    if (this.closed) throw new BusError('closed', 'the bus was closed')
    if (this.#state === 'idle') throw new BusError('unavailable', 'the bus was not started')
  }

  close(): void {
    if (this.closed) return
    this.#state = 'closed'
    clearTimeout(this.#graceTimer)
    this.#probe.stop()
    this.#options.table.close()
    this.#commands.close()
    this.#hints.close()
  }

  #createClient(): RedisClientType {
    const { host, port, tls, username, password, database } = this.#options.redis
    const common = { host, port, connectTimeout: 2_000, reconnectStrategy: false as const }
    return createClient({
      RESP: 3,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      database,
      // The library's own timeout arms a timer for each command, which costs more than the command, and does not cover what was sent.
      commandOptions: { timeout: 0 },
      maintNotifications: 'disabled',
      disableOfflineQueue: true,
      disableClientInfo: true,
      socket: tls === undefined ? common : { ...tls, ...common, tls: true },
    })
  }

  async #prepareCommands(client: RedisClientType): Promise<void> {
    const runner = new ScriptRunner(client, this.#options.scripts)
    const sentAt = performance.now()
    const [time, info] = await Promise.all([
      client.sendCommand(['TIME']),
      client.sendCommand(['INFO', 'replication']),
      runner.load(),
    ])
    this.clock.observe(time, sentAt)
    this.#checkReplication(info)
    this.#scripts = runner
    this.#batch = new ScriptBatch(runner, this.#options.batched)
  }

  /** Takes note of who the master is. @throws {BusError} when this is not a master or hides its replication id. */
  #checkReplication(info: unknown): void {
    const text = typeof info === 'string' ? info : ''
    const { address } = this.#options.redis
    if (/^role:slave/m.test(text)) {
      throw new BusError('unavailable', `Redis at ${address} is a read-only replica; give the address of the master`)
    }
    const id = /^master_replid:([0-9a-f]{40})/m.exec(text)?.[1]
    if (id === undefined) throw toBusError(new ErrorReply('NOREPLID'), 'read', address)
    this.#sawTerm(id.slice(0, TERM_DIGITS))
  }

  async #sendProbe(number: number): Promise<void> {
    const client = this.#commands.client
    if (client === undefined) return
    const sentAt = performance.now()
    const published = client.sendCommand(['PUBLISH', this.#options.probeName, String(number)])
    const [, time, info] = await Promise.allSettled([
      published,
      client.sendCommand(['TIME']),
      client.sendCommand(['INFO', 'replication']),
    ])
    if (time.status === 'fulfilled') this.clock.observe(time.value, sentAt)
    if (info.status !== 'fulfilled' || this.#commands.client !== client) return
    try {
      this.#checkReplication(info.value)
    } catch (error) {
      this.#replaceBoth(error instanceof Error ? error : new Error(String(error)))
    }
  }

  /** Another master, or the same after a restart: what the hints said before may not have survived. */
  #sawTerm(term: string): void {
    if (term === this.#term) return
    const first = this.#term === ''
    this.#term = term
    if (first) return
    this.#gapDue = true
    this.#settle()
  }

  #replaceBoth(error: Error): void {
    if (this.closed) return
    const told = toBusError(error, 'read', this.#options.redis.address)
    this.#commands.replace(told)
    this.#hints.replace(told)
  }

  #onCommandsReady(): void {
    this.#probe.start()
    this.#settle()
  }

  #onCommandsLost(error: Error): void {
    this.#scripts = undefined
    this.#batch = undefined
    this.#probe.stop()
    this.#goDown(error)
  }

  #onHintsReady(): void {
    clearTimeout(this.#graceTimer)
    this.#graceTimer = undefined
    this.#probe.forgetUnheard()
    this.#settle()
  }

  #onHintsLost(error: Error): void {
    this.#options.table.detach()
    this.#gapDue = true
    this.#outage = true
    if (this.#state === 'up') this.#graceTimer ??= setTimeout(() => this.#goDown(error), HINTS_GRACE_MS)
  }

  #goDown(error: Error): void {
    clearTimeout(this.#graceTimer)
    this.#graceTimer = undefined
    this.#outage = true
    if (this.#state !== 'up') return
    this.#state = 'down'
    this.#options.onStatus({ state: 'down', error: toBusError(error, 'read', this.#options.redis.address) })
  }

  /** Says `up` and `gap` once both connections are live. */
  #settle(): void {
    if (this.#commands.client === undefined || this.#hints.client === undefined) return
    if (this.#state === 'starting') return
    if (this.#outage) this.#reconnects++
    this.#outage = false
    if (this.#state === 'down') {
      this.#state = 'up'
      this.#options.onStatus({ state: 'up' })
    }
    if (this.#state === 'up' && this.#gapDue) {
      this.#gapDue = false
      this.#options.onStatus({ state: 'gap' })
    }
  }
}
