/** How names are made: a Cluster wants names that belong together to share a hash tag. */
export interface KeyLayout {
  /** In a Cluster: the hash tag of the channel's partition. Without it every channel is its own tag. */
  readonly tagOf?: ((channel: string) => string) | undefined
}

interface ChannelNames {
  readonly meta: string
  readonly log: string
  readonly hints: string
}

/** Channels whose names are kept at hand: every append asks for three of them, and making them costs it 1 µs. */
const MAX_KEPT = 8_192

/** Names of everything that the bus touches in Redis, all under one prefix. */
export class KeySpace {
  readonly #prefix: string
  readonly #tagOf: ((channel: string) => string) | undefined
  readonly #kept = new Map<string, ChannelNames>()
  /** Every hint of every channel, with broadcast routing. */
  readonly allHints: string

  constructor(prefix: string, layout: KeyLayout = {}) {
    this.#prefix = prefix
    this.#tagOf = layout.tagOf
    this.allHints = `${prefix}:all`
  }

  /** Hash with the log's identity, its top, its forks and its producers. */
  meta(channel: string): string {
    return this.#names(channel).meta
  }

  /** Stream with the log's records. */
  log(channel: string): string {
    return this.#names(channel).log
  }

  /** Pub/sub channel of one oyez channel's hints. */
  hints(channel: string): string {
    return this.#names(channel).hints
  }

  /** Pub/sub channel on which a node hears its own probes of one Redis. */
  probe(id: string): string {
    return `${this.#prefix}:probe:${id}`
  }

  /** Key whose writing shows which master takes writes; in a Cluster, for what shares the channel's slot. */
  fence(channel: string): string {
    return this.#tagOf === undefined ? `${this.#prefix}:fence` : `${this.#prefix}:{${this.#tagOf(channel)}}:fence`
  }

  #names(channel: string): ChannelNames {
    let names = this.#kept.get(channel)
    if (names === undefined) {
      const base = this.#base(channel)
      names = { meta: `${base}:m`, log: `${base}:s`, hints: `${base}:h` }
      // They come back by themselves: no need to know which are the oldest.
      if (this.#kept.size >= MAX_KEPT) this.#kept.clear()
      this.#kept.set(channel, names)
    }
    return names
  }

  #base(channel: string): string {
    const name = escapeChannel(channel)
    return this.#tagOf === undefined ? `${this.#prefix}:{${name}}` : `${this.#prefix}:{${this.#tagOf(channel)}}:${name}`
  }
}

const UNSAFE = /[{}%]/g

/** Without braces, so that a channel name cannot choose its own hash slot; reversible, so that two channels never share a key. */
export function escapeChannel(channel: string): string {
  return channel.replace(UNSAFE, (char) => (char === '{' ? '%7B' : char === '}' ? '%7D' : '%25'))
}
