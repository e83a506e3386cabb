import { ErrorReply } from '@redis/client'
import { BusError, type BusErrorCode } from '../bus-error.ts'

/**
 * What the bus does about an error code:
 *
 * - `redirect`: in a Cluster, sends the call to the node that has the keys, in order, a bounded number of times. These answers say that nothing was carried
 *   out, so that sending again cannot store twice.
 * - `re-resolve`: gives up both connections, finds out who the master is, and connects there.
 * - `wait`: nothing; it passes by itself. The caller may try again.
 * - `reject`: nothing; somebody must change something.
 */
export type ErrorAction = 'redirect' | 're-resolve' | 'wait' | 'reject'

/** What an error code of Redis means. */
export interface ErrorMeaning {
  readonly action: ErrorAction
  readonly code: BusErrorCode
  readonly text: string
}

const ELSEWHERE = 'is a Redis Cluster; give the bus its nodes with the option cluster or redis+cluster://'

/**
 * Every error code of Redis that a bus can meet. `refused`: asking again changes nothing until somebody changes Redis. `unavailable`: this passes by
 * itself. In both cases nothing was stored: the scripts make every check before their first write. BUS.md has the same table.
 */
export const ERROR_TABLE: Readonly<Record<string, ErrorMeaning>> = {
  ASK: { action: 'redirect', code: 'refused', text: ELSEWHERE },
  MOVED: { action: 'redirect', code: 'refused', text: ELSEWHERE },
  TRYAGAIN: { action: 'redirect', code: 'unavailable', text: 'is moving the keys' },
  CLUSTERDOWN: { action: 're-resolve', code: 'unavailable', text: 'says that its cluster is down' },
  MASTERDOWN: { action: 're-resolve', code: 'unavailable', text: 'is a replica without a master' },
  READONLY: {
    action: 're-resolve',
    code: 'unavailable',
    text: 'is a read-only replica; give the address of the master',
  },
  UNBLOCKED: { action: 're-resolve', code: 'uncertain', text: 'stopped being the master during the call' },
  BUSY: { action: 'wait', code: 'unavailable', text: 'is busy with a script of somebody else' },
  MAXCLIENTS: {
    action: 'wait',
    code: 'unavailable',
    text: 'has reached its max number of clients; raise maxclients or find out who opens so many connections',
  },
  LOADING: { action: 'wait', code: 'unavailable', text: 'is still loading its data' },
  NOSCRIPT: { action: 'wait', code: 'unavailable', text: 'lost our scripts again and again' },
  CROSSSLOT: { action: 'reject', code: 'refused', text: ELSEWHERE },
  MISCONF: { action: 'reject', code: 'refused', text: 'cannot write to its disk and takes no writes until it can' },
  NOAUTH: { action: 'reject', code: 'refused', text: 'wants a password; put it into the url or the option password' },
  NOPERM: { action: 'reject', code: 'refused', text: 'does not give this user the rights that the bus needs' },
  NOREPLICAS: {
    action: 'reject',
    code: 'refused',
    text: 'has fewer replicas than its min-replicas-to-write and takes no writes until they are back',
  },
  NOREPLID: {
    action: 'reject',
    code: 'refused',
    text: 'hides its replication id, without which a lost write after a failover could not be told',
  },
  OOM: { action: 'reject', code: 'refused', text: 'is out of memory (maxmemory) and takes no writes' },
  WRONGPASS: { action: 'reject', code: 'refused', text: 'refuses the user name or password' },
  WRONGTYPE: {
    action: 'reject',
    code: 'refused',
    text: 'holds a key of another type under one of our names; another program uses the same prefix',
  },
}

/** Whatever is not in the table. */
const UNKNOWN_CODE: Omit<ErrorMeaning, 'text'> = { action: 'reject', code: 'refused' }

/** Errors of the network: a word that may be told to anybody, without the host's name, and a text for the operator. */
const NETWORK: Readonly<Record<string, { readonly word: string; readonly text?: string }>> = {
  ECONNREFUSED: { word: 'connection refused', text: 'connection refused; is Redis running there?' },
  ECONNRESET: { word: 'connection reset', text: 'the connection was reset' },
  EHOSTUNREACH: { word: 'no route', text: 'no route to that host' },
  ENETUNREACH: { word: 'no route', text: 'no route to that network' },
  ENOTFOUND: { word: 'no such host', text: 'no such host name' },
  EAI_AGAIN: { word: 'no such host', text: 'the host name cannot be resolved now' },
  ETIMEDOUT: { word: 'no answer', text: 'no answer to the connection request' },
  EPIPE: { word: 'connection closed' },
}

/** A call's effect if it was sent and no answer came: `write` may have been carried out, `read` has none. */
export type CallKind = 'read' | 'write'

/** Errors that say: no writes at present, for anybody or for this user. They concern every channel, and reads go on. */
const WRITE_REFUSALS: ReadonlySet<string | undefined> = new Set(['OOM', 'NOPERM', 'MISCONF', 'NOREPLICAS'])

/** Whether an error says that Redis takes no writes at present, although it can be reached. */
export function isWriteRefusal(error: unknown): error is BusError {
  return error instanceof BusError && error.code === 'refused' && WRITE_REFUSALS.has(error.reason)
}

/** Whether an error says that the server is there and does not let this user in; that does not pass by itself. */
export function isLockedOut(error: unknown): boolean {
  const word = errorWord(error)
  return word === 'WRONGPASS' || word === 'NOAUTH' || word === 'NOPERM' || isCertificateError(error)
}

/** The code word of an error reply. Redis 6 puts it behind the place in the script, Redis 7 in front. */
export function errorWord(error: unknown): string | undefined {
  if (!(error instanceof ErrorReply)) return undefined
  const word = /^-?([A-Z]+)\b/.exec(error.message)?.[1]
  if (word !== undefined && word !== 'ERR') return word
  if (error.message.includes('max number of clients')) return 'MAXCLIENTS'
  // Inside a script, Redis 7.0 and its successors say it in words.
  if (/The user executing the script can|ACL failure in script/.test(error.message)) return 'NOPERM'
  return /-([A-Z]{2,}) /.exec(error.message)?.[1] ?? word
}

/** Whatever went wrong, as the error that the bus promises. `address` names the server, never a password. */
export function toBusError(error: unknown, kind: CallKind, address: string): BusError {
  if (error instanceof BusError) return error
  const word = errorWord(error)
  if (error instanceof ErrorReply) {
    const meaning = ERROR_TABLE[word ?? ''] ?? {
      ...UNKNOWN_CODE,
      text: `answered with an error: ${firstLine(error.message)}`,
    }
    const detail = word === 'NOPERM' ? ` (${firstLine(error.message)})` : ''
    return new BusError(meaning.code, `Redis at ${address} ${meaning.text}${detail}`, {
      cause: error,
      reason: word === 'MAXCLIENTS' ? 'max number of clients' : word,
    })
  }
  const name = error instanceof Error ? error.constructor.name : ''
  const notSent = name === 'ClientOfflineError' || name === 'ClientClosedError'
  if (kind === 'write' && !notSent) {
    const text = `the connection to Redis at ${address} was lost before it answered: the call may have been carried out`
    return new BusError('uncertain', text, { cause: error, reason: 'connection closed' })
  }
  const text = `Redis at ${address} cannot be reached: ${reasonOf(error)}`
  // What is wrong with a certificate does not pass by itself.
  return new BusError(isCertificateError(error) ? 'refused' : 'unavailable', text, {
    cause: error,
    reason: reasonWord(error),
  })
}

/** What to do about an error, be it of Redis or made of one of Redis. */
export function actionFor(error: unknown): ErrorAction | undefined {
  const cause = error instanceof BusError ? error.cause : error
  return cause instanceof ErrorReply ? (ERROR_TABLE[errorWord(cause) ?? '']?.action ?? UNKNOWN_CODE.action) : undefined
}

/** What went wrong with a connection, in a few words. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0])
  if (!(error instanceof Error)) return String(error)
  const code = codeOf(error)
  return NETWORK[code]?.text ?? (error.message === '' ? code || error.constructor.name : firstLine(error.message))
}

/** The same without anything that names a host. */
function reasonWord(error: unknown): string | undefined {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonWord(error.errors[0])
  if (!(error instanceof Error)) return undefined
  if (isCertificateError(error)) return 'certificate'
  const known = NETWORK[codeOf(error)]?.word
  if (known !== undefined) return known
  if (/^no answer|^Connection timeout|did not come back/i.test(error.message)) return 'no answer'
  return /closed|lost/i.test(error.message) ? 'connection closed' : undefined
}

function isCertificateError(error: unknown): boolean {
  const code = error instanceof Error ? codeOf(error) : ''
  return /CERT|ALTNAME|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER/.test(code)
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : ''
}

function firstLine(text: string): string {
  return (text.split(/[\r\n]/, 1)[0] ?? '').slice(0, 200)
}

/** Answers of a Cluster that say: not here, or not now. */
export function isElsewhere(error: unknown): boolean {
  const word = errorWord(error)
  return word === 'MOVED' || word === 'ASK' || word === 'TRYAGAIN' || word === 'CLUSTERDOWN'
}
