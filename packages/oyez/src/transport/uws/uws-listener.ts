import { isOriginAllowed, type OriginPolicy, type RefusedOrigin, tellRefused } from '../origin.ts'
import { type Acceptor, DEFAULT_MAX_FRAME_BYTES, DEFAULT_PATH, type UpgradeRequest } from '../upgrade.ts'
import type { UwsApp, UwsBehavior, UwsRequest, UwsResponse, UwsSocket } from './uws-app.ts'
import { readUwsUpgrade } from './uws-request.ts'
import { UwsTransport } from './uws-transport.ts'

export interface UwsListenerOptions {
  /** Exact path of the upgrade, without `:` and `*`. @default '/connection/websocket' */
  readonly path?: string | undefined
  /**
   * Which web pages may connect. `'same-host'`: pages served under the host name that the request names; a list: exactly these origins
   * (`https://example.com`); `'any'`: every page, only sound when nothing is authenticated by cookie. Requests without an `Origin`, which
   * browsers never send, are always let through. @default 'same-host'
   */
  readonly origins?: OriginPolicy | undefined
  /**
   * Called when an upgrade is answered with 403 because of its origin, so that a log can say what to add to `origins`. The headers come from a stranger:
   * bound and escape them. An exception of the function is ignored. @default nothing is called
   */
  readonly onRefusedOrigin?: ((refused: RefusedOrigin) => void) | undefined
  /**
   * Bytes of one incoming frame; a larger one closes the connection with 1009. One of more than four times this size is not even read:
   * uWebSockets.js then cuts the connection, which its client sees as 1006. @default 69_632
   */
  readonly maxFrameBytes?: number | undefined
  /**
   * Seconds, 8 to 960, after which uWebSockets.js cuts a connection over which nothing came, not even the pong to the ping that it sends by itself
   * shortly before. The hub's own pings find dead clients sooner. @default 120
   */
  readonly idleTimeoutSeconds?: number | undefined
}

const DEFAULT_IDLE_TIMEOUT_SECONDS = 120
const COMPRESSION_DISABLED = 0
/** Of what is too large, this much is read all the same, for a proper goodbye. */
const OVERSIZE_FACTOR = 4

/** What hangs on a socket: never looked up in a map. */
interface Seat {
  readonly oyez: { readonly request: UpgradeRequest; transport: UwsTransport | undefined }
}

/**
 * Accepts WebSockets of a uWebSockets.js app, which the application made, and hands them to a hub. For those who hold a hundred thousand connections
 * on one machine; everybody else is served as well by `WsListener`, and installs nothing.
 */
export class UwsListener {
  readonly #acceptor: Acceptor
  readonly #path: string
  readonly #origins: OriginPolicy
  readonly #onRefusedOrigin: ((refused: RefusedOrigin) => void) | undefined
  readonly #maxFrameBytes: number
  readonly #idleTimeoutSeconds: number
  #isClosed = false

  /** @throws {TypeError} when an option makes no sense. */
  constructor(acceptor: Acceptor, options: UwsListenerOptions = {}) {
    this.#acceptor = acceptor
    this.#path = options.path ?? DEFAULT_PATH
    // Signs of its router, which would match other paths as well.
    if (!/^\/[^:*]*$/.test(this.#path)) {
      throw new TypeError(`UwsListenerOptions.path must begin with "/" and be without ":" and "*", not "${this.#path}"`)
    }
    this.#origins = options.origins ?? 'same-host'
    this.#onRefusedOrigin = options.onRefusedOrigin
    this.#maxFrameBytes = wholeNumber('maxFrameBytes', options.maxFrameBytes ?? DEFAULT_MAX_FRAME_BYTES, [1, 2 ** 28])
    const idleTimeoutSeconds = options.idleTimeoutSeconds ?? DEFAULT_IDLE_TIMEOUT_SECONDS
    this.#idleTimeoutSeconds = wholeNumber('idleTimeoutSeconds', idleTimeoutSeconds, [8, 960])
  }

  /**
   * Begins to accept upgrades of this app. Upgrades to paths that the app has no route for are answered with 404; a catch-all route
   * of the application's own for WebSockets (`app.ws('/*', …)`) must be made before.
   */
  attach(app: UwsApp): this {
    app.ws(this.#path, this.#behavior())
    app.ws('/*', { ...this.#behavior(), upgrade: (response) => refuse(response, '404 Not Found') })
    return this
  }

  /**
   * Stops accepting: upgrades are answered with 503 from now on, as a route cannot be taken out of an app. Connections that were handed to the hub
   * are the hub's to close, the app's listening socket the application's. Idempotent.
   */
  close(): Promise<void> {
    this.#isClosed = true
    return Promise.resolve()
  }

  #behavior(): UwsBehavior {
    return {
      compression: COMPRESSION_DISABLED,
      maxPayloadLength: this.#maxFrameBytes * OVERSIZE_FACTOR,
      // The hub bounds what waits for a client, and never drops a part of it.
      maxBackpressure: 0,
      idleTimeout: this.#idleTimeoutSeconds,
      sendPingsAutomatically: true,
      upgrade: (response, request, context) => this.#upgrade(response, request, context),
      open: (socket) => this.#open(socket),
      message: (socket, message, isBinary) => {
        const transport = transportOf(socket)
        if (message.byteLength > this.#maxFrameBytes) transport?.onOversized()
        else transport?.onMessage(message, isBinary)
      },
      drain: (socket) => transportOf(socket)?.onProgress(),
      close: (socket, code, message) => transportOf(socket)?.onSocketClosed(code, message),
    }
  }

  /** Decides within the callback: afterwards the request is gone. */
  #upgrade(response: UwsResponse, request: UwsRequest, context: object): void {
    const upgrade = readUwsUpgrade(request, response)
    if (upgrade === undefined) return refuse(response, '400 Bad Request')
    const { headers, key, protocol } = upgrade
    if (!isOriginAllowed(headers.get('origin'), headers.get('host'), this.#origins)) {
      tellRefused(this.#onRefusedOrigin, headers.get('origin'), headers.get('host'))
      return refuse(response, '403 Forbidden')
    }
    if (this.#isClosed || !this.#acceptor.accepting) return refuse(response, '503 Service Unavailable', true)
    const seat: Seat = { oyez: { request: upgrade, transport: undefined } }
    response.upgrade(seat, key, protocol, '', context)
  }

  #open(socket: UwsSocket): void {
    const { oyez } = seatOf(socket)
    oyez.transport = new UwsTransport(socket, oyez.request.format === 'protobuf')
    this.#acceptor.accept(oyez.transport, oyez.request)
  }
}

function seatOf(socket: UwsSocket): Seat {
  return (socket.getUserData?.() ?? socket) as Seat
}

function transportOf(socket: UwsSocket): UwsTransport | undefined {
  return seatOf(socket).oyez.transport
}

function refuse(response: UwsResponse, status: string, again = false): void {
  response.writeStatus(status)
  if (again) response.writeHeader('Retry-After', '1')
  response.end('', true)
}

function wholeNumber(name: string, value: number, [least, most]: readonly [number, number]): number {
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    throw new TypeError(`UwsListenerOptions.${name} must be a whole number from ${least} to ${most}, not ${value}`)
  }
  return value
}
