/**
 * Shares the answer to a question among all who ask it at about the same time. Nobody is given an answer that was asked for before they came: who
 * comes during a flight waits for the next one, which takes all of them.
 */
export class SharedFlight<Answer> {
  readonly #ask: () => Promise<Answer>
  #running: Promise<Answer> | undefined
  #next: Promise<Answer> | undefined

  constructor(ask: () => Promise<Answer>) {
    this.#ask = ask
  }

  /** @throws what the question throws */
  join(): Promise<Answer> {
    if (this.#running === undefined) return this.#start()
    this.#next ??= this.#running.then(
      () => this.#start(),
      () => this.#start(),
    )
    return this.#next
  }

  #start(): Promise<Answer> {
    this.#next = undefined
    const flight = this.#ask().finally(() => {
      if (this.#running === flight) this.#running = undefined
    })
    this.#running = flight
    return flight
  }
}
