import type { Position } from '../protocol/position.ts'
import type { BusHandler, BusStatus } from './bus.ts'

/**
 * A handler that cannot harm the bus that calls it: what it throws ends here. A hub's handler does not throw; if one does, the hint counts as
 * lost and the log still has the record.
 */
export class GuardedHandler implements BusHandler {
  readonly #inner: BusHandler

  constructor(inner: BusHandler) {
    this.#inner = inner
  }

  onPublication(channel: string, bytes: Uint8Array, position?: Position): void {
    try {
      this.#inner.onPublication(channel, bytes, position)
    } catch {
      // See above: nowhere to report to, nothing to undo.
    }
  }

  onStatus(status: BusStatus): void {
    try {
      this.#inner.onStatus(status)
    } catch {
      // See above.
    }
  }
}
