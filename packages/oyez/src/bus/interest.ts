/** Who wants which channels: the subscriptions that a broker in memory keeps. */
export class Interest<M> {
  readonly #members = new Map<string, Set<M>>()
  readonly #channels = new Map<M, Set<string>>()

  /** Channels that somebody wants. */
  get size(): number {
    return this.#members.size
  }

  add(member: M, channel: string): void {
    enter(this.#members, channel, member)
    enter(this.#channels, member, channel)
  }

  remove(member: M, channel: string): void {
    leave(this.#members, channel, member)
    leave(this.#channels, member, channel)
  }

  /** Ends all interest of one member. */
  removeAll(member: M): void {
    for (const channel of this.#channels.get(member) ?? []) leave(this.#members, channel, member)
    this.#channels.delete(member)
  }

  has(member: M, channel: string): boolean {
    return this.#channels.get(member)?.has(channel) === true
  }

  /** Those who want the channel. */
  of(channel: string): Iterable<M> {
    return this.#members.get(channel) ?? []
  }
}

function enter<K, V>(sets: Map<K, Set<V>>, key: K, value: V): void {
  const set = sets.get(key)
  if (set === undefined) sets.set(key, new Set([value]))
  else set.add(value)
}

function leave<K, V>(sets: Map<K, Set<V>>, key: K, value: V): void {
  const set = sets.get(key)
  if (set?.delete(value) === true && set.size === 0) sets.delete(key)
}
