import { channelHash, mixed } from './channel-hash.ts'

/**
 * Rendezvous hashing: every place draws a lot for every name, and the highest has it. A place that is taken away gives its names to the others evenly, and
 * no other name moves; one that is added takes an even share of each.
 */
export class Rendezvous {
  readonly #places: readonly { readonly index: number; readonly hash: number }[]

  /** @param ids what the places are called, in any order; all different */
  constructor(ids: readonly string[]) {
    // In an order that all nodes have in common, so that a tie is decided alike everywhere.
    const sorted = ids.map((id, index) => ({ id, index, hash: channelHash(id) })).sort((a, b) => (a.id < b.id ? -1 : 1))
    this.#places = sorted
  }

  /** The index of the place in the list that was given. */
  placeOf(name: string): number {
    const hash = channelHash(name)
    let best = -1
    let winner = 0
    for (const place of this.#places) {
      // Two rounds: after one, the lots of two places would stand in a relation that is the same for all names.
      const lot = mixed(mixed(hash ^ place.hash) + Math.imul(place.hash, 0x9e3779b1))
      if (lot > best) {
        best = lot
        winner = place.index
      }
    }
    return winner
  }
}
