import { randomFillSync } from 'node:crypto'

/**
 * What an epoch of this bus says: which log (the incarnation, minted when the log is created from nothing) and which master's history of it
 * (the term: the first {@link TERM_DIGITS} hex digits of that master's replication id).
 */
export interface EpochParts {
  readonly incarnation: string
  readonly term: string
}

/** Hex digits of the replication id that stand for a term: 40 bits, told apart among at most 17 terms of one channel. */
export const TERM_DIGITS = 10

const EPOCH = /^([\w-]{1,64})\.([0-9a-f]{10})$/

/** The parts of an epoch, or `undefined` for a string that no bus of this kind wrote. */
export function parseEpoch(epoch: string): EpochParts | undefined {
  const match = EPOCH.exec(epoch)
  if (match === null) return undefined
  const [, incarnation = '', term = ''] = match
  return { incarnation, term }
}

/**
 * 72 bits: only the names that one channel's log had, one after the other, must differ, and every hint, append and answer carries one. So many bytes
 * have a base64 form without a remainder.
 */
const INCARNATION_BYTES = 9

/** Whether a bus of this kind wrote the epoch. */
export function isEpoch(epoch: string): boolean {
  return EPOCH.test(epoch)
}

/** Random names for logs; drawn from the system's generator many at a time, since every append brings one along. */
export class IncarnationSource {
  readonly #pool: Buffer = Buffer.alloc(INCARNATION_BYTES * 256)
  #used: number = this.#pool.length

  next(): string {
    if (this.#used === this.#pool.length) {
      randomFillSync(this.#pool)
      this.#used = 0
    }
    const name = this.#pool.toString('base64url', this.#used, this.#used + INCARNATION_BYTES)
    this.#used += INCARNATION_BYTES
    return name
  }
}
