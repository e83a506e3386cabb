/** What a reconnect brought back. */
export interface Recovery {
  /** Milliseconds without a connection. */
  readonly awayMs: number
  /** Publications of that time, delivered now. */
  readonly messages: number
  /** Channels whose stream broke. */
  readonly breaks: number
}

/**
 * Counts what arrives together with the server's confirmations after a reconnect: the client delivers the recovered publications of a channel
 * in one go with its confirmation, before anything new.
 */
export class RecoveryCount {
  readonly #channels: number
  readonly #done: (recovery: Recovery) => void
  readonly #now: () => number
  #lostAt: number | undefined
  #awayMs = 0
  #isOpen = false
  #waitingFor = 0
  #messages = 0
  #breaks = 0

  /** `channels`: how many confirmations make a recovery complete. */
  constructor(channels: number, done: (recovery: Recovery) => void, now: () => number) {
    this.#channels = channels
    this.#done = done
    this.#now = now
  }

  /** The connection is gone, or an attempt failed. */
  lost(): void {
    this.#lostAt ??= this.#now()
    this.#waitingFor = 0
  }

  /** Connected; does nothing the first time. */
  connected(): void {
    if (this.#lostAt === undefined) return
    this.#awayMs = this.#now() - this.#lostAt
    this.#lostAt = undefined
    this.#waitingFor = this.#channels
    this.#messages = 0
    this.#breaks = 0
    this.#open()
  }

  /** A channel is confirmed; what it missed follows at once. */
  confirmed(): void {
    if (this.#waitingFor === 0) return
    this.#waitingFor -= 1
    this.#open()
  }

  /** A publication arrived. */
  publication(): void {
    if (this.#isOpen) this.#messages += 1
  }

  /** A stream broke. */
  broken(): void {
    this.#breaks += 1
  }

  #open(): void {
    this.#isOpen = true
    const isLast = this.#waitingFor === 0
    queueMicrotask(() => {
      this.#isOpen = false
      if (isLast) this.#done({ awayMs: this.#awayMs, messages: this.#messages, breaks: this.#breaks })
    })
  }
}
