/** What one owner has, the entry set longest ago first. */
type Own<V> = Map<string, V>

/**
 * A map that holds at most `limit` entries, each of which belongs to an owner. For one too many, an entry of the owner who has most goes, the one set
 * longest ago; among owners who have as many, the one who brought the new entry.
 */
export class OwnedKeys<V> {
  readonly #limit: number
  /** None until the first entry: most of these maps stay empty. */
  #owners: Map<string, Own<V>> | undefined
  #ownerOf: Map<string, string> | undefined

  constructor(limit: number) {
    this.#limit = limit
  }

  get size(): number {
    return this.#ownerOf?.size ?? 0
  }

  get(key: string): V | undefined {
    const owner = this.#ownerOf?.get(key)
    return owner === undefined ? undefined : this.#owners?.get(owner)?.get(key)
  }

  /** Sets the key and makes it the newest of its owner. */
  set(key: string, value: V, owner: string): void {
    this.delete(key)
    this.#ownerOf ??= new Map()
    this.#owners ??= new Map()
    let own = this.#owners.get(owner)
    if (own === undefined) this.#owners.set(owner, (own = new Map()))
    own.set(key, value)
    this.#ownerOf.set(key, owner)
    if (this.#ownerOf.size > this.#limit) this.#dropOne(own)
  }

  delete(key: string): void {
    const owner = this.#ownerOf?.get(key)
    if (owner === undefined) return
    this.#ownerOf?.delete(key)
    const own = this.#owners?.get(owner)
    own?.delete(key)
    if (own?.size === 0) this.#owners?.delete(owner)
  }

  #dropOne(newest: Own<V>): void {
    let most = newest
    for (const own of this.#owners?.values() ?? []) if (own.size > most.size) most = own
    for (const oldest of most.keys()) return this.delete(oldest)
  }
}
