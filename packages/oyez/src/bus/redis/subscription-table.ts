import { ErrorReply, type RedisClientType } from '@redis/client'
import { BusError } from '../bus-error.ts'

export interface SubscriptionTableOptions {
  /** The pub/sub channel of an oyez channel. */
  readonly nameOf: (channel: string) => string
  /** Pub/sub channels that are subscribed on every connection. */
  readonly always: readonly string[]
  /** `false` when one of `always` carries all channels: the table then only says what is wanted. */
  readonly perChannel: boolean
  readonly onMessage: (name: string, message: Buffer) => void
}

/** Names in one SUBSCRIBE: small enough that other connections are served in between. */
const BATCH = 1_000
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

  /** Subscribes a fresh connection to everything that is wanted, also to what becomes wanted while it goes on. */
  async restore(client: RedisClientType): Promise<void> {
    const subscribed = new Set<string>()
    this.#subscribed = subscribed
    await this.#issue(client, this.#options.always)
    for (;;) {
      const missing = this.#options.perChannel ? [...this.#wanted.keys()].filter((name) => !subscribed.has(name)) : []
      if (missing.length === 0) break
      await this.#issue(client, missing)
    }
    this.#client = client
    this.#dropUnwanted(client)
    for (const waiter of this.#waiters) waiter.live()
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
    const subscribed = this.#subscribed
    const batches: Promise<void>[] = []
    for (let at = 0; at < names.length; at += BATCH) {
      const batch = names.slice(at, at + BATCH)
      batches.push(
        client.subscribe(batch, this.#listener, true).then(() => {
          for (const name of batch) subscribed.add(name)
        }),
      )
    }
    await Promise.all(batches)
  }

  #dropUnwanted(client: RedisClientType, among: Iterable<string> = this.#subscribed): void {
    const always = new Set(this.#options.always)
    const extra = [...among].filter(
      (name) => this.#subscribed.has(name) && !this.#wanted.has(name) && !always.has(name),
    )
    if (extra.length > 0) void this.#drop(client, extra)
  }

  async #drop(client: RedisClientType, names: readonly string[]): Promise<void> {
    const batches: Promise<unknown>[] = []
    for (const name of names) this.#subscribed.delete(name)
    for (let at = 0; at < names.length; at += BATCH) {
      batches.push(client.unsubscribe(names.slice(at, at + BATCH), this.#listener, true))
    }
    // A lost connection unsubscribes as well.
    await Promise.allSettled(batches)
  }
}
