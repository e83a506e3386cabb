import type { RedisClientType } from '@redis/client'

export interface RedisLinkOptions {
  /** A fresh client that is not yet connected and that never reconnects by itself; for where the server is now. */
  readonly create: () => RedisClientType | Promise<RedisClientType>
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
  #abort: ((error: Error) => void) | undefined

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

  /** Connects, and tries for ever. */
  begin(): void {
    if (this.#state === 'idle') this.#openOrRetry()
  }

  /** Gives up the present connection, which no longer works, and makes another. */
  replace(error: Error): void {
    if (this.#state === 'ready') this.#lose(error)
  }

  /** Another server is the right one now: gives up whatever is connected or being connected, and connects there without waiting. */
  restart(error: Error): void {
    this.#failures = 0
    if (this.#state === 'ready') this.#lose(error)
    else if (this.#state === 'opening') this.#abort?.(error)
    else if (this.#state === 'waiting') this.#retryLater()
  }

  close(): void {
    this.#state = 'closed'
    clearTimeout(this.#timer)
    this.#client?.destroy()
    this.#client = undefined
    this.#abort?.(new Error('closed while connecting'))
  }

  async #open(): Promise<void> {
    this.#state = 'opening'
    let client: RedisClientType | undefined
    let timer: NodeJS.Timeout | undefined
    const given = new Promise<never>((_, reject) => {
      const timeoutMs = this.#options.openTimeoutMs()
      timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
      this.#abort = reject
    })
    const attempt = { isOver: false }
    const opened = this.#connect((made) => {
      client = made
      if (attempt.isOver) made.destroy()
    }, attempt)
    // It may still reject after the timeout has won.
    opened.catch(() => undefined)
    given.catch(() => undefined)
    try {
      await Promise.race([opened, given])
      if (client?.isReady !== true) throw new Error('the connection was lost at once')
    } catch (error) {
      attempt.isOver = true
      client?.destroy()
      throw asError(error)
    } finally {
      clearTimeout(timer)
      this.#abort = undefined
    }
    if (this.#closed) {
      client.destroy()
      throw new Error('closed while connecting')
    }
    this.#client = client
    this.#state = 'ready'
    this.#failures = 0
    this.#options.onReady()
  }

  async #connect(made: (client: RedisClientType) => void, attempt: { readonly isOver: boolean }): Promise<void> {
    const client = await this.#options.create()
    client.on('error', (error: unknown) => {
      if (this.#client === client && this.#state === 'ready') this.#lose(asError(error))
    })
    made(client)
    if (attempt.isOver) return
    await client.connect()
    await this.#options.prepare(client)
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
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#openOrRetry(), delay)
  }

  #openOrRetry(): void {
    const before = this.#failures
    this.#open().catch((error: unknown) => {
      if (this.#closed) return
      // A restart has set the count back: the next attempt is another matter.
      if (this.#failures === before) this.#failures++
      this.#options.onLost(asError(error))
      this.#retryLater()
    })
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
