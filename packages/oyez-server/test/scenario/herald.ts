import { Client } from 'oyez/client'
import WebSocket from 'ws'

/** What a herald says: its own name and number, so that every message can be told from every other. */
export interface Cry {
  readonly herald: string
  readonly n: number
}

/** Publishes numbered messages to one channel for as long as it is told to, and keeps a journal of what was acknowledged. */
export class Herald {
  readonly name: string
  /** Numbers whose publish was resolved. */
  readonly acknowledged: number[] = []
  /** Numbers whose publish was rejected, with the reason. */
  readonly rejected: { readonly n: number; readonly reason: string }[] = []
  readonly #client: Client
  readonly #channel: string
  #n = 0
  #timer: NodeJS.Timeout | undefined
  #pending = 0
  #onIdle: (() => void) | undefined

  constructor(name: string, urls: readonly string[], channel: string) {
    this.name = name
    this.#channel = channel
    this.#client = new Client(
      urls.map((url) => `${url}?user=${name}`),
      { WebSocket, backoff: { minMs: 50, maxMs: 500 } },
    )
    this.#client.connect()
  }

  get sent(): number {
    return this.#n
  }

  ready(): Promise<void> {
    return this.#client.ready(10_000)
  }

  /** Begins to publish at a steady rate, in bursts of a few. */
  start(perSecond: number): void {
    const burst = Math.max(1, Math.round(perSecond / 50))
    this.#timer = setInterval(
      () => {
        for (let i = 0; i < burst; i++) this.#cry()
      },
      1_000 / (perSecond / burst),
    )
  }

  /** Stops publishing and resolves when every message has its answer. */
  async finish(): Promise<void> {
    clearInterval(this.#timer)
    if (this.#pending > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve))
  }

  close(): void {
    clearInterval(this.#timer)
    this.#client.disconnect()
  }

  #cry(): void {
    const n = ++this.#n
    this.#pending += 1
    const cry: Cry = { herald: this.name, n }
    this.#client
      .publish(this.#channel, cry)
      .then(
        () => this.acknowledged.push(n),
        (error: unknown) => this.rejected.push({ n, reason: String(error) }),
      )
      .finally(() => {
        this.#pending -= 1
        if (this.#pending === 0) this.#onIdle?.()
      })
      .catch(() => undefined)
  }
}
