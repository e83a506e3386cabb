// The parts of uWebSockets.js that oyez touches, by their shape: the package itself is the user's and is never imported. Objects of uWebSockets.js
// die early: a request with the callback it came in, a socket with its `close` event; memory handed to a callback with the callback.

/** An app of uWebSockets.js: what `App()` or `SSLApp()` returned. */
export interface UwsApp {
  ws(pattern: string, behavior: UwsBehavior): unknown
}

/** How the app treats the WebSockets of one path. */
export interface UwsBehavior {
  readonly compression: number
  readonly maxPayloadLength: number
  /** Bytes; 0: nothing is ever dropped. */
  readonly maxBackpressure: number
  /** Seconds. */
  readonly idleTimeout: number
  readonly sendPingsAutomatically: boolean
  readonly upgrade: (response: UwsResponse, request: UwsRequest, context: object) => void
  readonly open: (socket: UwsSocket) => void
  readonly message: (socket: UwsSocket, message: ArrayBuffer, isBinary: boolean) => void
  readonly drain: (socket: UwsSocket) => void
  readonly close: (socket: UwsSocket, code: number, message: ArrayBuffer) => void
}

/** The answer to an upgrade request. */
export interface UwsResponse {
  writeStatus(status: string): unknown
  writeHeader(name: string, value: string): unknown
  end(body: string, closeConnection: boolean): unknown
  /** In text form, IPv6 unabridged. */
  getRemoteAddressAsText(): ArrayBuffer
  // The words of uWebSockets.js.
  // oxlint-disable-next-line max-params
  upgrade(userData: object, key: string, protocol: string, extensions: string, context: object): unknown
}

/** An upgrade request. */
export interface UwsRequest {
  getUrl(): string
  /** The query as it stands, or nothing. */
  getQuery(): string | undefined
  forEach(each: (name: string, value: string) => void): void
}

/** One WebSocket. */
export interface UwsSocket {
  /** The object that was given to `upgrade`; versions before 20.31 put its properties on the socket itself. */
  getUserData?(): unknown
  getBufferedAmount(): number
  send(message: Uint8Array, isBinary: boolean): unknown
  cork(send: () => void): unknown
  end(code: number, reason: string): unknown
  close(): unknown
}
