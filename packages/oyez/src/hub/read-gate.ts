/**
 * Lets a bounded number of log reads run at a time: after a bus was lost, every channel wants one at once. Waiting reads are bounded by the number of
 * channels and clients, since each has at most one.
 */
export class ReadGate {
  readonly #limit: number
  readonly #waiting: (() => void)[] = []
  #running = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  async run<T>(read: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#limit) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else this.#running += 1
    try {
      return await read()
    } finally {
      // The place is handed on rather than freed and taken again, so that the count never overshoots.
      const next = this.#waiting.shift()
      if (next === undefined) this.#running -= 1
      else next()
    }
  }
}
