/** Why a connection ends: the WebSocket close code and its reason (at most 123 bytes). */
export interface CloseCode {
  readonly code: number
  readonly reason: string
}

export type CloseCodeName =
  | 'closed'
  | 'shutdown'
  | 'serverError'
  | 'expired'
  | 'slow'
  | 'writeError'
  | 'insufficientState'
  | 'forceReconnect'
  | 'noPong'
  | 'tooManyRequests'
  | 'invalidToken'
  | 'badRequest'
  | 'stale'
  | 'forceDisconnect'
  | 'connectionLimit'
  | 'channelLimit'
  | 'inappropriateProtocol'
  | 'permissionDenied'
  | 'notAvailable'

/**
 * The close codes a hub uses. Reconnectable or terminal is readable from the number, see {@link isTerminalClose}.
 * Applications use 4000 to 4499 (reconnect) and 4500 to 4999 (terminal).
 */
export const CloseCodes: Readonly<Record<CloseCodeName, CloseCode>> = {
  closed: { code: 3000, reason: 'connection closed' },
  shutdown: { code: 3001, reason: 'shutdown' },
  serverError: { code: 3004, reason: 'internal server error' },
  expired: { code: 3005, reason: 'connection expired' },
  slow: { code: 3008, reason: 'slow' },
  writeError: { code: 3009, reason: 'write error' },
  insufficientState: { code: 3010, reason: 'insufficient state' },
  forceReconnect: { code: 3011, reason: 'force reconnect' },
  noPong: { code: 3012, reason: 'no pong' },
  tooManyRequests: { code: 3013, reason: 'too many requests' },
  invalidToken: { code: 3500, reason: 'invalid token' },
  badRequest: { code: 3501, reason: 'bad request' },
  stale: { code: 3502, reason: 'stale' },
  forceDisconnect: { code: 3503, reason: 'force disconnect' },
  connectionLimit: { code: 3504, reason: 'connection limit' },
  channelLimit: { code: 3505, reason: 'channel limit' },
  inappropriateProtocol: { code: 3506, reason: 'inappropriate protocol' },
  permissionDenied: { code: 3507, reason: 'permission denied' },
  notAvailable: { code: 3508, reason: 'not available' },
}

/** The WebSocket's own code for a frame over the size limit; final, since the same frame would come again. */
export const MESSAGE_TOO_BIG = 1009

/** Whether a hub may close a connection with this code. */
export function isCloseCode(code: number): boolean {
  return Number.isInteger(code) && code >= 3000 && code <= 4999
}

/** Whether a client must not come back by itself after this close code. */
export function isTerminalClose(code: number): boolean {
  return (code >= 3500 && code < 4000) || (code >= 4500 && code < 5000) || code === MESSAGE_TOO_BIG
}

export type UnsubscribeCodeName = 'server' | 'insufficientState' | 'expired'

/** Why a subscription ends while its connection lives. From 2500 on, the client subscribes again with its position. */
export const UnsubscribeCodes: Readonly<Record<UnsubscribeCodeName, CloseCode>> = {
  server: { code: 2000, reason: 'unsubscribed by server' },
  insufficientState: { code: 2500, reason: 'insufficient state' },
  expired: { code: 2501, reason: 'subscription expired' },
}
