/** A map that holds at most `limit` entries: the one set longest ago goes first. */
export class RecentKeys<V> {
  readonly #limit: number
  /** None until the first entry: most of these maps stay empty. */
  #entries: Map<string, V> | undefined

  constructor(limit: number) {
    this.#limit = limit
  }

  get size(): number {
    return this.#entries?.size ?? 0
  }

  get(key: string): V | undefined {
    return this.#entries?.get(key)
  }

  /** Sets the key and makes it the newest. */
  set(key: string, value: V): void {
    this.#entries ??= new Map()
    this.#entries.delete(key)
    this.#entries.set(key, value)
    if (this.#entries.size > this.#limit) {
      for (const oldest of this.#entries.keys()) {
        this.#entries.delete(oldest)
        break
      }
    }
  }

  delete(key: string): void {
    this.#entries?.delete(key)
  }

  /** Drops entries, the oldest first, as long as `test` holds. */
  dropOldestWhile(test: (value: V) => boolean): void {
    if (this.#entries === undefined) return
    for (const [key, value] of this.#entries) {
      if (!test(value)) return
      this.#entries.delete(key)
    }
  }
}
