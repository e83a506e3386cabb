const FIRST_MS = 100
const LONGEST_MS = 10_000
/** A worker that lived this long was well: the next one starts at once. */
const HEALTHY_MS = 10_000

/** How long to wait before a worker that died is replaced: at once, then twice as long each time, until one lives. */
export class RestartBackoff {
  #failures = 0

  /** Milliseconds to wait, after a worker that lived for this long. */
  next(livedMs: number): number {
    if (livedMs >= HEALTHY_MS) this.#failures = 0
    const delay = Math.min(LONGEST_MS, FIRST_MS * 2 ** this.#failures)
    this.#failures = Math.min(this.#failures + 1, 20)
    return delay
  }
}
