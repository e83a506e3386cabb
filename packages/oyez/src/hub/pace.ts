/** What is done in one turn of the event loop. */
const PER_TURN = 500

/** Does the same to many, some per turn of the event loop, so that everything else that the hub has to do comes in between. */
export class Pace<T> {
  readonly #each: (item: T) => void
  #waiting: T[] = []
  #isScheduled = false

  constructor(each: (item: T) => void) {
    this.#each = each
  }

  get isIdle(): boolean {
    return this.#waiting.length === 0
  }

  add(item: T): void {
    this.#waiting.push(item)
    this.#schedule()
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(() => {
      for (const item of this.#waiting.splice(0, PER_TURN)) this.#each(item)
      this.#isScheduled = false
      if (!this.isIdle) this.#schedule()
    })
  }
}
