const MOST_PER_PUBLISHER = 10_000_000

/** Gives every message a number, so that a million of them can be kept and compared. */
export class Ids {
  readonly #lines = new Map<string, number>()
  readonly #names: string[] = []

  of(channel: string, publisher: string, n: number): number {
    const name = `${publisher} on ${channel}`
    let line = this.#lines.get(name)
    if (line === undefined) {
      line = this.#names.length
      this.#names.push(name)
      this.#lines.set(name, line)
    }
    return line * MOST_PER_PUBLISHER + n
  }

  /** In words. */
  name(id: number | undefined): string {
    if (id === undefined) return 'nothing'
    return `number ${id % MOST_PER_PUBLISHER} of ${this.#names[Math.floor(id / MOST_PER_PUBLISHER)] ?? '?'}`
  }
}

/** An acknowledgement, as the publisher got it. */
export interface Ack {
  readonly channel: string
  readonly publisher: string
  readonly n: number
  readonly epoch: string
  readonly offset: number
  readonly at: number
}

/** What the publishers wrote down. */
export class Publications {
  readonly acks: Ack[] = []
  readonly refusals: Map<string, number> = new Map<string, number>()
  readonly #ids: Ids
  readonly #sentAt = new Map<number, number>()
  readonly #ackedAt = new Map<number, number>()
  readonly #told = new Set<string>()

  constructor(ids: Ids) {
    this.#ids = ids
  }

  get count(): number {
    return this.#sentAt.size
  }

  sent(id: number, at: number): void {
    this.#sentAt.set(id, at)
  }

  acknowledged(ack: Ack): void {
    this.acks.push(ack)
    this.#ackedAt.set(this.#ids.of(ack.channel, ack.publisher, ack.n), ack.at)
  }

  refused(code: string): void {
    this.refusals.set(code, (this.refusals.get(code) ?? 0) + 1)
  }

  /** The publisher was told that acknowledged messages of a channel may be gone. */
  told(publisher: string, channel: string): void {
    this.#told.add(`${publisher} ${channel}`)
  }

  wasTold(publisher: string, channel: string): boolean {
    return this.#told.has(`${publisher} ${channel}`)
  }

  /** `undefined` for what nobody sent. */
  sentAt(id: number): number | undefined {
    return this.#sentAt.get(id)
  }

  ackedAt(id: number): number | undefined {
    return this.#ackedAt.get(id)
  }
}
