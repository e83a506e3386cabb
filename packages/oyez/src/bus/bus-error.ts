/**
 * - `unavailable`: the broker cannot be reached; nothing was stored.
 * - `uncertain`: the request was sent and no answer came; it may have been carried out.
 * - `refused`: the broker answered that it will not (out of memory, no rights, not enough replicas); nothing was stored.
 * - `closed`: the bus was closed.
 */
export type BusErrorCode = 'unavailable' | 'uncertain' | 'refused' | 'closed'

export interface BusErrorOptions extends ErrorOptions {
  readonly reason?: string | undefined
}

/** A bus could not do what it was asked. */
export class BusError extends Error {
  override readonly name = 'BusError'
  readonly code: BusErrorCode
  /**
   * The cause in one to four words, without host names, user names or secrets, so that it can be shown to anybody: an error code of Redis (`WRONGPASS`,
   * `OOM`, `NOPERM`, `LOADING`) or, e.g., `connection refused`, `no answer`, `max number of clients`. Several causes are separated by a comma.
   * @default undefined when no such word is known
   */
  readonly reason: string | undefined

  constructor(code: BusErrorCode, message: string, options: BusErrorOptions = {}) {
    super(message, options)
    this.code = code
    this.reason = options.reason
  }
}

/** One error for several: their messages, and each reason once. The error itself when there is only one. */
export function joinedErrors(errors: readonly Error[]): Error {
  const [first] = errors
  if (first !== undefined && errors.length === 1) return first
  const reasons = new Set(errors.map((error) => (error instanceof BusError ? error.reason : undefined)))
  reasons.delete(undefined)
  const [code = 'unavailable'] = errors.map((error) => (error instanceof BusError ? error.code : undefined))
  return new BusError(code, errors.map(({ message }) => message).join('; '), {
    cause: first,
    reason: reasons.size === 0 ? undefined : [...reasons].join(', '),
  })
}
