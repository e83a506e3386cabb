/**
 * - `unavailable`: the broker cannot be reached; nothing was stored.
 * - `uncertain`: the request was sent and no answer came; it may have been carried out.
 * - `refused`: the broker answered that it will not (out of memory, no rights, not enough replicas); nothing was stored.
 * - `closed`: the bus was closed.
 */
export type BusErrorCode = 'unavailable' | 'uncertain' | 'refused' | 'closed'

/** A bus could not do what it was asked. */
export class BusError extends Error {
  override readonly name = 'BusError'
  readonly code: BusErrorCode

  constructor(code: BusErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
