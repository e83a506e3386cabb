/** Something with output that waits for the end of the tick. */
export interface Flushable {
  flush(): void
}

/** Flushes at the end of the event loop's tick, so that all that one tick produced for a connection becomes one write. */
export class Flusher {
  #dirty: Flushable[] = []
  #scheduled = false

  /** The caller makes sure that it is added once per tick at most. */
  add(flushable: Flushable): void {
    this.#dirty.push(flushable)
    if (this.#scheduled) return
    this.#scheduled = true
    // After the poll phase: everything that one read from the bus or from the clients brought has been handled by then.
    setImmediate(() => this.#flush())
  }

  #flush(): void {
    const dirty = this.#dirty
    this.#dirty = []
    this.#scheduled = false
    for (const flushable of dirty) flushable.flush()
  }
}
