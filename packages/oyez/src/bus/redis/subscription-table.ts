import { ErrorReply, type RedisClientType } from '@redis/client'
import { BusError } from '../bus-error.ts'
import { isElsewhere } from './redis-error-table.ts'
import { subscriptionBatches } from './subscription-batches.ts'

export interface SubscriptionTableOptions {
  /** The pub/sub channel of an oyez channel. */
  readonly nameOf: (channel: string) => string
  /** In a Cluster: channels are subscribed with SSUBSCRIBE, which takes names of one hash tag at a time. @default false */
  readonly sharded?: boolean | undefined
  /** In a Cluster: Redis ended the subscription of these channels, or refused it, because their slot is elsewhere. */
  readonly onKicked?: ((channels: readonly string[]) => void) | undefined
  /** Pub/sub channels that are subscribed on every connection. */
  readonly always: readonly string[]
  /** `false` when one of `always` carries all channels: the table then only says what is wanted. */
  readonly perChannel: boolean
  readonly onMessage: (name: string, message: Buffer) => void
}

/** The bus contract: a call that could not be carried out rejects within 5 s. */
const DEADLINE_MS = 5_000

interface Waiter {
  readonly live: () => void
  readonly failed: (error: Error) => void
}

/** What this node wants to hear, kept apart from any connection, so that a new connection can be given all of it. */
export class SubscriptionTable {
  readonly #options: SubscriptionTableOptions
  /** Wanted, by pub/sub name. */
  readonly #wanted = new Map<string, string>()
  /** Acknowledged on the present connection. */
  #subscribed = new Set<string>()
  #client: RedisClientType | undefined
  readonly #waiters = new Set<Waiter>()
  readonly #kickedNames = new Set<string>()
  /** Subscribing commands without an answer. */
  #issuing = 0
  /** Changes of the subscription so far. */
  #issued = 0
  #closed = false
  readonly #listener = (message: Buffer, name: Buffer): void => this.#options.onMessage(name.toString(), message)

  constructor(options: SubscriptionTableOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#wanted.size
  }

  wants(channel: string): boolean {
    return this.#wanted.has(this.#options.nameOf(channel))
  }

  /** The wanted channel behind a pub/sub name. */
  channelOf(name: string): string | undefined {
    return this.#wanted.get(name)
  }

  /** All channels that are wanted here. */
  channels(): string[] {
    return [...this.#wanted.values()]
  }

  /** Subscribes a fresh connection to everything that is wanted, also to what becomes wanted while it goes on. */
  async restore(client: RedisClientType): Promise<void> {
    const subscribed = new Set<string>()
    const elsewhere = new Set<string>()
    this.#subscribed = subscribed
    client.on('sharded-channel-moved', (name: string) => this.#kicked(subscribed, name))
    await client.subscribe([...this.#options.always], this.#listener, true)
    for (const name of this.#options.always) subscribed.add(name)
    for (;;) {
      const isMissing = (name: string): boolean => !subscribed.has(name) && !elsewhere.has(name)
      const missing = this.#options.perChannel ? [...this.#wanted.keys()].filter(isMissing) : []
      if (missing.length === 0) break
      for (const name of await this.#issueWhatIsHere(client, missing)) elsewhere.add(name)
    }
    this.#client = client
    this.#dropUnwanted(client)
    for (const waiter of this.#waiters) waiter.live()
    if (elsewhere.size > 0) this.#tellKicked(elsewhere)
  }

  /**
   * Wants channels that were wanted elsewhere until now. Resolves with the ones that have become live; without a connection there are none: the next one
   * subscribes them. Rejects when Redis refuses.
   */
  async adopt(channels: readonly string[]): Promise<readonly string[]> {
    const names = new Map(channels.map((channel) => [this.#options.nameOf(channel), channel]))
    this.#want(names)
    const client = this.#client
    if (client === undefined) return []
    const missing = [...names.keys()].filter((name) => !this.#subscribed.has(name))
    await this.#issue(client, missing)
    return this.#client === client ? missing.map((name) => names.get(name) ?? '') : []
  }

  /** Compares what Redis says this connection is subscribed to with what it should be. @returns whether they agree, as far as can be told now */
  async audit(): Promise<boolean> {
    const client = this.#client
    if (client === undefined || this.#issuing > 0) return true
    const issued = this.#issued
    const info: unknown = await client.sendCommand(['CLIENT', 'INFO'])
    if (this.#client !== client || this.#issued !== issued || this.#issuing > 0) return true
    const count = typeof info === 'string' ? / ssub=(\d+)/.exec(info)?.[1] : undefined
    return Number(count) === this.#subscribed.size - this.#options.always.length
  }

  /** The connection is gone; what is wanted stays wanted. */
  detach(): void {
    this.#client = undefined
    this.#subscribed = new Set()
  }

  /** Resolves when all the channels are live; takes them back and rejects when that is not so within 5 s. */
  async subscribe(channels: readonly string[]): Promise<void> {
    const names = new Map(channels.map((channel) => [this.#options.nameOf(channel), channel]))
    const added = [...names.keys()].filter((name) => !this.#wanted.has(name))
    if (this.#options.perChannel) this.#want(names)
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      const error = new BusError('unavailable', `no subscription within ${DEADLINE_MS} ms: Redis is not connected`)
      timer = setTimeout(() => reject(error), DEADLINE_MS)
    })
    try {
      const live = this.#becomeLive(names)
      live.catch(() => undefined)
      await Promise.race([live, late])
    } catch (error) {
      for (const name of added) this.#wanted.delete(name)
      if (this.#client !== undefined) this.#dropUnwanted(this.#client)
      throw error
    } finally {
      clearTimeout(timer)
    }
  }

  async unsubscribe(channels: readonly string[]): Promise<void> {
    for (const channel of channels) this.#wanted.delete(this.#options.nameOf(channel))
    if (this.#client === undefined || !this.#options.perChannel) return
    await this.#drop(
      this.#client,
      channels.map((channel) => this.#options.nameOf(channel)).filter((name) => this.#subscribed.has(name)),
    )
  }

  close(): void {
    this.#closed = true
    this.detach()
    this.#wanted.clear()
    for (const waiter of this.#waiters) waiter.failed(new BusError('closed', 'the bus was closed'))
  }

  async #becomeLive(names: ReadonlyMap<string, string>): Promise<void> {
    while (!this.#closed) {
      const client = this.#client
      if (client === undefined) {
        await this.#nextLive()
        continue
      }
      try {
        if (this.#options.perChannel) {
          await this.#issue(
            client,
            [...names.keys()].filter((name) => !this.#subscribed.has(name)),
          )
        } else {
          // What was published before is on its way on this connection and comes before the answer; it is not for this subscription.
          await client.sendCommand(['PING'])
          this.#want(names)
        }
        if (this.#client === client) {
          // Given up or unsubscribed meanwhile?
          this.#dropUnwanted(client, names.keys())
          return
        }
      } catch (error) {
        if (error instanceof ErrorReply) throw error
        // The connection is lost; the next one subscribes all that is wanted. Its end may be noticed a moment later than here.
        if (this.#client === client) await this.#nextLive()
      }
    }
    throw new BusError('closed', 'the bus was closed')
  }

  #want(names: ReadonlyMap<string, string>): void {
    for (const [name, channel] of names) this.#wanted.set(name, channel)
  }

  #nextLive(): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        live: () => {
          this.#waiters.delete(waiter)
          clearTimeout(timer)
          resolve()
        },
        failed: (error) => {
          this.#waiters.delete(waiter)
          clearTimeout(timer)
          reject(error)
        },
      }
      // The caller has long given up by then: this only ends the wait.
      const timer = setTimeout(() => waiter.failed(new BusError('unavailable', 'Redis is not connected')), DEADLINE_MS)
      this.#waiters.add(waiter)
    })
  }

  async #issue(client: RedisClientType, names: readonly string[]): Promise<void> {
    await Promise.all(
      subscriptionBatches(names, this.#options.sharded === true).map((batch) => this.#issueOne(client, batch)),
    )
  }

  /** @returns the names whose slot is elsewhere. */
  async #issueWhatIsHere(client: RedisClientType, names: readonly string[]): Promise<string[]> {
    const elsewhere: string[] = []
    const issueOne = async (batch: readonly string[]): Promise<void> => {
      try {
        await this.#issueOne(client, batch)
      } catch (error) {
        if (this.#options.sharded !== true || !isElsewhere(error)) throw error
        elsewhere.push(...batch)
      }
    }
    await Promise.all(subscriptionBatches(names, this.#options.sharded === true).map(issueOne))
    return elsewhere
  }

  async #issueOne(client: RedisClientType, batch: readonly string[]): Promise<void> {
    const subscribed = this.#subscribed
    this.#issued++
    this.#issuing++
    try {
      if (this.#options.sharded !== true) await client.subscribe([...batch], this.#listener, true)
      else {
        // The library takes an unasked SUNSUBSCRIBE that comes now for one of the acknowledgements that are waited for, and is done too early: what
        // comes behind them in order is not.
        const all = client.sSubscribe([...batch], this.#listener, true)
        await Promise.all([all, client.sendCommand(['PING'])])
      }
    } finally {
      this.#issuing--
    }
    for (const name of batch) subscribed.add(name)
  }

  /** Redis ends the subscriptions of a slot that has left, one push for each name. */
  #kicked(subscribed: Set<string>, name: string): void {
    if (this.#subscribed !== subscribed || !subscribed.delete(name) || !this.#wanted.has(name)) return
    // A connection that is being prepared finds it missing by itself.
    if (this.#client === undefined) return
    if (this.#kickedNames.size === 0) setImmediate(() => this.#tellKicked(this.#kickedNames))
    this.#kickedNames.add(name)
  }

  #tellKicked(names: Set<string>): void {
    const channels = [...names].map((name) => this.#wanted.get(name)).filter((channel) => channel !== undefined)
    names.clear()
    if (channels.length > 0 && !this.#closed) this.#options.onKicked?.(channels)
  }

  #dropUnwanted(client: RedisClientType, among: Iterable<string> = this.#subscribed): void {
    const always = new Set(this.#options.always)
    const extra = [...among].filter(
      (name) => this.#subscribed.has(name) && !this.#wanted.has(name) && !always.has(name),
    )
    if (extra.length > 0) void this.#drop(client, extra)
  }

  async #drop(client: RedisClientType, names: readonly string[]): Promise<void> {
    for (const name of names) this.#subscribed.delete(name)
    const sharded = this.#options.sharded === true
    this.#issued++
    this.#issuing++
    // A lost connection unsubscribes as well.
    await Promise.allSettled(
      subscriptionBatches(names, this.#options.sharded === true).map((batch) =>
        sharded ? client.sUnsubscribe(batch, this.#listener, true) : client.unsubscribe(batch, this.#listener, true),
      ),
    )
    this.#issuing--
  }
}
