/** Times that grow from attempt to attempt, in milliseconds. */
export interface BackoffOptions {
  /** Upper bound of the first delay. @default 500 */
  readonly minMs: number
  /** Upper bound of every delay. @default 20_000 */
  readonly maxMs: number
}

/** How long a success must have lasted before the next failure counts as the first one again. */
const STABLE_MS = 10_000

/**
 * Delays with full jitter: a random time below a bound that doubles with each attempt. A server that lets clients in and throws them out at
 * once does not make the delays small again: only a success that lasted 10 s does.
 */
export class Backoff {
  readonly #options: BackoffOptions
  #attempts = 0
  #goodSince = 0

  constructor(options: BackoffOptions) {
    this.#options = options
  }

  /** The delay before the next attempt, in milliseconds. */
  next(): number {
    const { minMs, maxMs } = this.#options
    if (this.#goodSince && performance.now() - this.#goodSince >= STABLE_MS) this.#attempts = 0
    this.#goodSince = 0
    return Math.random() * Math.min(maxMs, minMs * 2 ** this.#attempts++)
  }

  /** Says that the attempt succeeded. */
  good(): void {
    this.#goodSince ||= performance.now()
  }
}
