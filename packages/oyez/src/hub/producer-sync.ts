import type { ServerMessage } from '../protocol/message.ts'
import { Pace } from './pace.ts'

/** What is asked of a connection. */
export interface Publishing {
  /** When its client last published with a number, in milliseconds of `performance.now()`. */
  readonly publishedAt: number
  send(message: ServerMessage): void
}

/** Clients keep what was acknowledged for 30 s; somewhat longer, for their clocks are not ours. */
const PUBLISHED_WITHIN_MS = 60_000
/** Between two rounds: no client is asked more often. */
const EVERY_MS = 1_000
const SYNC: ServerMessage = { type: 'sync-push' }

/**
 * Asks the clients that published here lately to send their last message of each channel again. After a failover this shows whether the log lost what it
 * had acknowledged, also to a client that has nothing more to say, which then puts it back.
 */
export class ProducerSync {
  readonly #connections: () => Iterable<Publishing>
  readonly #pace = new Pace<Publishing>((connection) => connection.send(SYNC))
  #isWanted = false
  #notBefore = 0

  constructor(connections: () => Iterable<Publishing>) {
    this.#connections = connections
  }

  /** Another master may have taken over. */
  ask(): void {
    this.#isWanted = true
  }

  /** Called several times a second, while the bus is up. @param now - of `performance.now()` */
  turn(now: number): void {
    if (!this.#pace.isIdle) this.#notBefore = now + EVERY_MS
    if (!this.#isWanted || now < this.#notBefore) return
    this.#isWanted = false
    this.#notBefore = now + EVERY_MS
    for (const connection of this.#connections()) {
      if (now - connection.publishedAt < PUBLISHED_WITHIN_MS) this.#pace.add(connection)
    }
  }
}
