/**
 * - `refused`: the server said no; `status` is its number from the protocol's table.
 * - `timeout`: the server did not answer in time.
 * - `connection-lost`: the connection ended before the answer came.
 * - `disconnected`: the client is not connected and not trying to.
 * - `uncertain`: a publication may or may not have been stored, and nobody will find out any more.
 * - `queue-full`: too many publications wait already; this one was not accepted.
 * - `protocol`: the server sent something that it must not send.
 * - `listener`: a listener of the application threw; `cause` is what it threw.
 * - `token`: `getToken` failed; `cause` is why.
 */
export type ClientErrorCode =
  | 'refused'
  | 'timeout'
  | 'connection-lost'
  | 'disconnected'
  | 'uncertain'
  | 'queue-full'
  | 'protocol'
  | 'listener'
  | 'token'

const TEMPORARY: readonly ClientErrorCode[] = ['timeout', 'connection-lost', 'queue-full', 'token']

/** Something that a client could not do, and why. */
export class ClientError extends Error {
  override readonly name = 'ClientError'
  readonly code: ClientErrorCode
  /** The number of the server's error reply; 0 when the error is not the server's. */
  readonly status: number
  /** Whether the same request may succeed later. */
  readonly temporary: boolean
  /** With status 120: the sequence number that the log expects next. */
  readonly expected: number

  constructor(code: ClientErrorCode, message: string, options: ClientErrorOptions = {}) {
    super(message, options)
    this.code = code
    this.status = options.status ?? 0
    // 109 is an expired token: a new one is fetched and the request is worth repeating.
    this.temporary =
      code === 'refused' ? !!options.temporary || this.status < 100 || this.status === 109 : TEMPORARY.includes(code)
    this.expected = options.expected ?? 0
  }
}

interface ClientErrorOptions extends ErrorOptions {
  readonly status?: number | undefined
  readonly temporary?: boolean | undefined
  readonly expected?: number | undefined
}
