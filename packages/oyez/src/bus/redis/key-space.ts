/** Names of everything that the bus touches in Redis, all under one prefix. */
export class KeySpace {
  readonly #prefix: string
  /** Every hint of every channel, with broadcast routing. */
  readonly allHints: string

  constructor(prefix: string) {
    this.#prefix = prefix
    this.allHints = `${prefix}:all`
  }

  /** Hash with the log's identity, its top, its forks and its producers. */
  meta(channel: string): string {
    return `${this.#prefix}:{${escapeChannel(channel)}}:m`
  }

  /** Stream with the log's records. */
  log(channel: string): string {
    return `${this.#prefix}:{${escapeChannel(channel)}}:s`
  }

  /** Pub/sub channel of one oyez channel's hints. */
  hints(channel: string): string {
    return `${this.#prefix}:{${escapeChannel(channel)}}:h`
  }

  /** Pub/sub channel on which a node hears its own probes. */
  probe(nodeId: string): string {
    return `${this.#prefix}:probe:${nodeId}`
  }
}

const UNSAFE = /[{}%]/g

/** Without braces, so that a channel name cannot choose its own hash slot; reversible, so that two channels never share a key. */
export function escapeChannel(channel: string): string {
  return channel.replace(UNSAFE, (char) => (char === '{' ? '%7B' : char === '}' ? '%7D' : '%25'))
}
