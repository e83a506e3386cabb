/**
 * - `bus-unavailable`: the bus cannot be reached; nothing was published.
 * - `bus-uncertain`: the bus gave no answer in time; the message may have been published.
 * - `bus-refused`: the broker answered that it will not.
 * - `unrecoverable-position`: the history after the given position is gone.
 * - `closed`: the hub was closed.
 */
export type HubErrorCode = 'bus-unavailable' | 'bus-uncertain' | 'bus-refused' | 'unrecoverable-position' | 'closed'

/** The environment failed the hub; the caller did nothing wrong. `cause` is the bus's own error. */
export class HubError extends Error {
  override readonly name = 'HubError'
  readonly code: HubErrorCode

  constructor(code: HubErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
