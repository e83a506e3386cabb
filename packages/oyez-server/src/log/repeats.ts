/** Lets the first of many equal lines through and counts the rest, so that a storm is a line every ten seconds. */
export class Repeats {
  readonly #quietMs: number
  readonly #seen = new Map<string, { since: number; held: number }>()

  constructor(quietMs = 10_000) {
    this.#quietMs = quietMs
  }

  /** How many equal lines were held back since the last one that went through; `undefined` when this one is to be held back too. */
  admit(line: string): number | undefined {
    const now = performance.now()
    const entry = this.#seen.get(line)
    if (entry !== undefined && now - entry.since < this.#quietMs) {
      entry.held += 1
      return undefined
    }
    // Different lines are few, but a line may carry foreign words: the map stays small whatever they are.
    if (this.#seen.size >= 100) this.#seen.clear()
    this.#seen.set(line, { since: now, held: 0 })
    return entry?.held ?? 0
  }
}
