/** How names are made: a Cluster wants names that belong together to share a hash tag. */
export interface KeyLayout {
  /** In a Cluster: the hash tag of the channel's partition. Without it every channel is its own tag. */
  readonly tagOf?: ((channel: string) => string) | undefined
  /** Redis pub/sub knows no databases, so the names of pub/sub channels contain the number of every database but 0. @default 0 */
  readonly database?: number | undefined
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
  /** First part of the names of pub/sub channels. No prefix contains an @, so it is never the prefix of another application. */
  readonly #spoken: string
  readonly #tagOf: ((channel: string) => string) | undefined
  readonly #kept = new Map<string, ChannelNames>()
  /** Every hint of every channel, with broadcast routing. */
  readonly allHints: string

  constructor(prefix: string, layout: KeyLayout = {}) {
    this.#prefix = prefix
    const { tagOf, database = 0 } = layout
    this.#spoken = database === 0 ? prefix : `${prefix}:@${database}`
    this.#tagOf = tagOf
    this.allHints = `${this.#spoken}:all`
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
    return `${this.#spoken}:probe:${id}`
  }

  /** Key whose writing shows which master takes writes; in a Cluster, for what shares the channel's slot. */
  fence(channel: string): string {
    return this.#tagOf === undefined ? `${this.#prefix}:fence` : `${this.#prefix}:{${this.#tagOf(channel)}}:fence`
  }

  #names(channel: string): ChannelNames {
    let names = this.#kept.get(channel)
    if (names === undefined) {
      const base = this.#base(channel)
      names = {
        meta: `${this.#prefix}:${base}:m`,
        log: `${this.#prefix}:${base}:s`,
        hints: `${this.#spoken}:${base}:h`,
      }
      // They come back by themselves: no need to know which are the oldest.
      if (this.#kept.size >= MAX_KEPT) this.#kept.clear()
      this.#kept.set(channel, names)
    }
    return names
  }

  #base(channel: string): string {
    const name = escapeChannel(channel)
    return this.#tagOf === undefined ? `{${name}}` : `{${this.#tagOf(channel)}}:${name}`
  }
}

const UNSAFE = /[{}%]/g

/** Without braces, so that a channel name cannot choose its own hash slot; reversible, so that two channels never share a key. */
export function escapeChannel(channel: string): string {
  return channel.replace(UNSAFE, (char) => (char === '{' ? '%7B' : char === '}' ? '%7D' : '%25'))
}
