import type { Publication } from '../protocol/message.ts'

/** Bytes that all rings of a hub may hold together. */
export class RingBudget {
  readonly limitBytes: number
  usedBytes = 0

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes
  }
}

/** Overhead of one kept publication beside its payload: objects, views, array slot. */
const OVERHEAD_BYTES = 200

/**
 * The newest publications of a channel, without holes, in memory: what a client that comes back after a short absence needs, without
 * asking the log. Bounded by count and by the hub's budget; the oldest are dropped first.
 */
export class Ring {
  readonly #capacity: number
  readonly #budget: RingBudget
  #items: Publication[] = []
  #bytes = 0
  /** Offset after which the ring is complete: the one before its oldest publication. */
  #floor: number
  /**
   * The list given out last, until the next publication. Clients that come back together ask for the same one, and a list that is the same object is
   * encoded once; its text takes at most about as much memory again as the ring.
   */
  #given: { readonly offset: number; readonly limit: number; readonly list: readonly Publication[] } | undefined

  constructor(capacity: number, budget: RingBudget, floor: number) {
    this.#capacity = capacity
    this.#budget = budget
    this.#floor = floor
  }

  /** Offset of the newest publication. */
  get top(): number {
    return this.#floor + this.#items.length
  }

  /** The ring is complete above this offset. */
  get floor(): number {
    return this.#floor
  }

  /** The publication with this offset, if it is here. */
  at(offset: number): Publication | undefined {
    return this.#items[offset - this.#floor - 1]
  }

  /** Adds the publication with offset `top + 1`. */
  push(publication: Publication): void {
    this.#given = undefined
    this.#items.push(publication)
    this.#charge(cost(publication))
    while (
      this.#items.length > this.#capacity ||
      (this.#items.length > 0 && this.#budget.usedBytes > this.#budget.limitBytes)
    ) {
      this.#dropOldest()
    }
  }

  /** Adds older publications below the ring; `older` is in order and ends at `floor`. Stops at the limits. */
  fill(older: readonly Publication[]): void {
    this.#given = undefined
    for (const publication of older.toReversed()) {
      if (publication.offset !== this.#floor || this.#items.length >= this.#capacity) return
      if (this.#budget.usedBytes + cost(publication) > this.#budget.limitBytes) return
      this.#items.unshift(publication)
      this.#floor -= 1
      this.#charge(cost(publication))
    }
  }

  /** The publications after an offset, at most `limit`; `undefined` when the ring does not reach that far down, or the offset is above it. */
  after(offset: number, limit: number): readonly Publication[] | undefined {
    if (offset < this.#floor || offset > this.top) return undefined
    if (this.#given?.offset === offset && this.#given.limit === limit) return this.#given.list
    const start = offset - this.#floor
    const list = this.#items.slice(start, start + limit)
    this.#given = { offset, limit, list }
    return list
  }

  /** Forgets everything and goes on after an offset. */
  reset(floor: number): void {
    this.#given = undefined
    this.#charge(-this.#bytes)
    this.#items = []
    this.#floor = floor
  }

  #dropOldest(): void {
    const oldest = this.#items.shift()
    if (oldest === undefined) return
    this.#floor += 1
    this.#charge(-cost(oldest))
  }

  #charge(bytes: number): void {
    this.#bytes += bytes
    this.#budget.usedBytes += bytes
  }
}

function cost(publication: Publication): number {
  return publication.data.length + (publication.info?.length ?? 0) + OVERHEAD_BYTES
}
