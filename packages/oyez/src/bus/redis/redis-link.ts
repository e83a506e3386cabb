import type { RedisClientType } from '@redis/client'

export interface RedisLinkOptions {
  /** A fresh client that is not yet connected and that never reconnects by itself. */
  readonly create: () => RedisClientType
  /** What must be true of a connection before it counts as ready. */
  readonly prepare: (client: RedisClientType) => Promise<void>
  /** For connecting, greeting and preparing. A frozen server accepts connections and never greets, so this must be ours. */
  readonly openTimeoutMs: () => number
  readonly onReady: () => void
  /** A ready connection was lost, or an attempt to replace it failed. */
  readonly onLost: (error: Error) => void
}

const FIRST_DELAY_MS = 50
const LONGEST_DELAY_MS = 2_000

/**
 * One supervised connection. Each attempt has a client of its own: a client that reconnects by itself would subscribe again by itself, without a word
 * about what was missed meanwhile, and would keep commands of which nobody knows whether they were carried out.
 */
export class RedisLink {
  readonly #options: RedisLinkOptions
  #state: 'idle' | 'opening' | 'ready' | 'waiting' | 'closed' = 'idle'
  #client: RedisClientType | undefined
  #failures = 0
  #timer: NodeJS.Timeout | undefined

  constructor(options: RedisLinkOptions) {
    this.#options = options
  }

  /** The client while it is ready. */
  get client(): RedisClientType | undefined {
    return this.#state === 'ready' ? this.#client : undefined
  }

  /** Makes the first attempt and rejects with its failure; only what was once connected is connected again. */
  async start(): Promise<void> {
    await this.#open()
  }

  /** Gives up the present connection, which no longer works, and makes another. */
  replace(error: Error): void {
    if (this.#state === 'ready') this.#lose(error)
  }

  close(): void {
    this.#state = 'closed'
    clearTimeout(this.#timer)
    this.#client?.destroy()
    this.#client = undefined
  }

  async #open(): Promise<void> {
    this.#state = 'opening'
    const client = this.#options.create()
    this.#client = client
    client.on('error', (error: unknown) => {
      if (this.#client === client && this.#state === 'ready') this.#lose(asError(error))
    })
    const timeoutMs = this.#options.openTimeoutMs()
    let timer: NodeJS.Timeout | undefined
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
    })
    const opened = client.connect().then(() => this.#options.prepare(client))
    // It may still reject after the timeout has won.
    opened.catch(() => undefined)
    try {
      await Promise.race([opened, timeout])
      if (!client.isReady) throw new Error('the connection was lost at once')
    } catch (error) {
      client.destroy()
      if (this.#client === client) this.#client = undefined
      throw asError(error)
    } finally {
      clearTimeout(timer)
    }
    if (this.#closed) throw new Error('closed while connecting')
    this.#state = 'ready'
    this.#failures = 0
    this.#options.onReady()
  }

  get #closed(): boolean {
    return this.#state === 'closed'
  }

  #lose(error: Error): void {
    const client = this.#client
    this.#client = undefined
    this.#state = 'waiting'
    client?.destroy()
    this.#options.onLost(error)
    this.#retryLater()
  }

  #retryLater(): void {
    if (this.#closed) return
    this.#state = 'waiting'
    // Full jitter: many nodes lose the same Redis in the same moment.
    const delay = Math.random() * Math.min(FIRST_DELAY_MS * 2 ** Math.min(this.#failures, 16), LONGEST_DELAY_MS)
    this.#timer = setTimeout(() => {
      this.#open().catch((error: unknown) => {
        if (this.#closed) return
        this.#failures++
        this.#options.onLost(asError(error))
        this.#retryLater()
      })
    }, delay)
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
