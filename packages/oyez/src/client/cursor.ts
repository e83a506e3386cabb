import type { IncomingPublication, IncomingResult } from '../protocol/json-client-codec.ts'
import type { Break, Position } from '../protocol/position.ts'

/** The place of a reader in a channel's log, and the rule that nothing is skipped or repeated in silence. */
export class Cursor {
  /** Up to where everything has been handled; `undefined` while nothing is known or the channel keeps no log. */
  position: Position | undefined

  /**
   * Applies the answer to a subscribe that asked to go on after `position`, if there was one. Returns the break when the server could not do
   * that.
   */
  start(result: IncomingResult): Break | undefined {
    const last = this.position
    const { epoch, offset, recoverable, recovered } = result
    // A failover without loss gives the log a new epoch; the offsets stay.
    if (last && recovered) return this.renew(epoch || last.epoch)
    this.position = recoverable ? { epoch, offset } : undefined
    return last && { reason: 'unknown', ...result.break, last, next: { epoch, offset } }
  }

  /**
   * Delivers a publication that is next, drops one that was delivered before, and answers `false` for one that comes too early: the position
   * then stays, and the channel must be asked for again from there. The position moves after `deliver` has returned.
   */
  take(publication: IncomingPublication, deliver: (publication: IncomingPublication) => void): boolean {
    const before = this.position
    const { offset } = publication
    if (before && offset > before.offset + 1) return false
    if (before && offset && offset <= before.offset) return true
    deliver(publication)
    if (before && offset && this.position === before) this.position = { epoch: before.epoch, offset }
    return true
  }

  /** Goes on behind a break; returns the break as this reader sees it. */
  jump(broken: Break): Break {
    const last = this.position ?? broken.last
    this.position = broken.next
    return { ...broken, last }
  }

  /** Goes on under a new epoch. */
  renew(epoch: string): undefined {
    if (this.position) this.position = { epoch, offset: this.position.offset }
  }
}
