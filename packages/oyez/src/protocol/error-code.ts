/** An error reply: a stable number, its words, and whether the same request may succeed later. */
export interface ErrorCode {
  readonly code: number
  readonly message: string
  readonly temporary: boolean
}

export type ErrorCodeName =
  | 'internal'
  | 'unauthorized'
  | 'unknownChannel'
  | 'permissionDenied'
  | 'methodNotFound'
  | 'alreadySubscribed'
  | 'limitExceeded'
  | 'badRequest'
  | 'notAvailable'
  | 'tokenExpired'
  | 'expired'
  | 'tooManyRequests'
  | 'unrecoverablePosition'
  | 'outOfSequence'
  | 'unknownProducer'

/**
 * The errors a hub answers commands with. A client retries what is temporary, has a code below 100, or is 109 (after fetching a new
 * token); everything else is final. Applications use codes from 400 to 1999 for their own refusals.
 */
export const ErrorCodes: Readonly<Record<ErrorCodeName, ErrorCode>> = {
  internal: { code: 100, message: 'internal server error', temporary: true },
  unauthorized: { code: 101, message: 'unauthorized', temporary: false },
  unknownChannel: { code: 102, message: 'unknown channel', temporary: false },
  permissionDenied: { code: 103, message: 'permission denied', temporary: false },
  methodNotFound: { code: 104, message: 'method not found', temporary: false },
  alreadySubscribed: { code: 105, message: 'already subscribed', temporary: false },
  limitExceeded: { code: 106, message: 'limit exceeded', temporary: false },
  badRequest: { code: 107, message: 'bad request', temporary: false },
  notAvailable: { code: 108, message: 'not available', temporary: false },
  tokenExpired: { code: 109, message: 'token expired', temporary: false },
  expired: { code: 110, message: 'expired', temporary: false },
  tooManyRequests: { code: 111, message: 'too many requests', temporary: true },
  unrecoverablePosition: { code: 112, message: 'unrecoverable position', temporary: false },
  /** Extension: the producer's sequence has a hole; the reply's `oyez_expected` is the number to go on with. */
  outOfSequence: { code: 120, message: 'out of sequence', temporary: false },
  /** Extension: the log does not know this producer any more. */
  unknownProducer: { code: 121, message: 'unknown producer', temporary: false },
}
