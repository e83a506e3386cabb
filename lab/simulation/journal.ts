import type { Break, Position } from 'oyez/client'

/** What a subscriber was told, in order. */
export type Told =
  | {
      readonly type: 'subscribed'
      readonly at: number
      readonly recovered: boolean
      readonly position: Position | undefined
    }
  | {
      readonly type: 'publication'
      readonly at: number
      readonly offset: number
      readonly text: string
      readonly epoch: string | undefined
    }
  | { readonly type: 'break'; readonly at: number; readonly break: Break }
  | { readonly type: 'over'; readonly at: number; readonly reason: string }

export interface Subscriber {
  readonly name: string
  readonly channel: string
  readonly told: Told[]
}

/** What a publisher was told about one message. */
export interface Sent {
  readonly publisher: string
  /** Whether its messages have an order: a client's have, a server's have not. */
  readonly isOrdered: boolean
  readonly channel: string
  readonly number: number
  readonly text: string
  outcome:
    | { readonly kind: 'stored'; readonly position: Position | undefined }
    | { readonly kind: 'failed'; readonly code: string }
    | undefined
}

/** All that the participants of a world wrote down. */
export class Journal {
  readonly subscribers: Subscriber[] = []
  readonly sent: Sent[] = []
  /** What clients reported about a channel: that what it had acknowledged is lost. */
  readonly reports: { readonly publisher: string; readonly channel: string }[] = []
  readonly #now: () => number
  readonly #lines: string[] = []
  readonly #isFull: boolean

  /** @param isFull - Keep every line, not only the newest ones. */
  constructor(now: () => number, isFull: boolean) {
    this.#now = now
    this.#isFull = isFull
  }

  log(words: string): void {
    this.#lines.push(`${String(Math.round(this.#now() - 1_000_000)).padStart(6)}  ${words}`)
    if (!this.#isFull && this.#lines.length > 400) this.#lines.splice(0, 200)
  }

  /** The newest lines. */
  lines(count = Number.POSITIVE_INFINITY): readonly string[] {
    return this.#lines.slice(-count)
  }
}
