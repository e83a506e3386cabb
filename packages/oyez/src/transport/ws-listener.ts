import type { IncomingMessage, Server as HttpServer } from 'node:http'
import type { Server as HttpsServer } from 'node:https'
import type { Duplex } from 'node:stream'
import { type ServerOptions, WebSocketServer } from 'ws'
import { isOriginAllowed, type OriginPolicy, type RefusedOrigin, tellRefused } from './origin.ts'
import {
  type Acceptor,
  chooseProtocol,
  claimsBody,
  DEFAULT_MAX_FRAME_BYTES,
  DEFAULT_PATH,
  formatOf,
} from './upgrade.ts'
import { WsTransport } from './ws-transport.ts'

export interface WsListenerOptions {
  /** Exact path of the upgrade. @default '/connection/websocket' */
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
  /** Bytes of one incoming frame; a larger one closes the connection with 1009. @default 69_632 */
  readonly maxFrameBytes?: number | undefined
}

const CLOSE_TIMEOUT_MS = 5_000
// A message in thousands of fragments or slivers pins far more memory than its size (CVE-2026-48779). No client fragments a 64 KiB message
// this finely; a frame that arrives byte by byte over a bad link still fits.
const MAX_FRAGMENTS = 64
const MAX_BUFFERED_CHUNKS = 16_384

/** The paths of all listeners on a server: the last word on an upgrade that nobody wants is spoken once. */
const pathsOf = new WeakMap<HttpServer | HttpsServer, string[]>()

/** Accepts WebSockets on existing HTTP servers and hands them to a hub. */
export class WsListener {
  readonly #acceptor: Acceptor
  readonly #path: string
  readonly #origins: OriginPolicy
  readonly #onRefusedOrigin: ((refused: RefusedOrigin) => void) | undefined
  readonly #wss: WebSocketServer
  readonly #detach = new Set<() => void>()

  /** @throws {TypeError} when an option makes no sense. */
  constructor(acceptor: Acceptor, options: WsListenerOptions = {}) {
    const maxFrameBytes = options.maxFrameBytes ?? DEFAULT_MAX_FRAME_BYTES
    if (!Number.isSafeInteger(maxFrameBytes) || maxFrameBytes < 1) {
      throw new TypeError(`WsListenerOptions.maxFrameBytes must be a whole number from 1, not ${maxFrameBytes}`)
    }
    this.#acceptor = acceptor
    this.#path = options.path ?? DEFAULT_PATH
    if (!this.#path.startsWith('/'))
      throw new TypeError(`WsListenerOptions.path must begin with "/", not "${this.#path}"`)
    this.#origins = options.origins ?? 'same-host'
    this.#onRefusedOrigin = options.onRefusedOrigin
    // The last three are options of ws that its types do not know yet.
    const wsOptions: ServerOptions & { maxFragments: number; maxBufferedChunks: number; closeTimeout: number } = {
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: maxFrameBytes,
      handleProtocols: chooseProtocol,
      maxFragments: MAX_FRAGMENTS,
      maxBufferedChunks: MAX_BUFFERED_CHUNKS,
      closeTimeout: CLOSE_TIMEOUT_MS,
    }
    this.#wss = new WebSocketServer(wsOptions)
  }

  /**
   * Begins to accept upgrades of this server. Upgrades to other paths are left to the server's other listeners, or answered with 404 when there are
   * none but such as this one.
   */
  attach(server: HttpServer | HttpsServer): this {
    const paths = pathsOf.get(server) ?? []
    pathsOf.set(server, paths)
    const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
      const [path = ''] = (request.url ?? '').split('?', 1)
      if (path === this.#path) this.#upgrade(request, socket, head)
      else if (server.listenerCount('upgrade') === paths.length && !paths.includes(path) && !socket.writableEnded)
        refuse(socket, '404 Not Found')
    }
    paths.push(this.#path)
    server.on('upgrade', onUpgrade)
    this.#detach.add(() => {
      paths.splice(paths.indexOf(this.#path), 1)
      server.off('upgrade', onUpgrade)
    })
    return this
  }

  /** Stops accepting. Connections that were handed to the hub are the hub's to close. Idempotent. */
  close(): Promise<void> {
    for (const detach of this.#detach) detach()
    this.#detach.clear()
    return new Promise((resolve) => this.#wss.close(() => resolve()))
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', ignore)
    const { headers } = request
    if (claimsBody(headers['content-length'], headers['transfer-encoding'])) return refuse(socket, '400 Bad Request')
    if (!isOriginAllowed(headers.origin, headers.host, this.#origins)) {
      tellRefused(this.#onRefusedOrigin, headers.origin, headers.host)
      return refuse(socket, '403 Forbidden')
    }
    if (!this.#acceptor.accepting) return refuse(socket, '503 Service Unavailable', 'Retry-After: 1\r\n')
    // The Python SDK sends an empty header in JSON mode, which ws would answer with 400.
    if (headers['sec-websocket-protocol'] === '') delete headers['sec-websocket-protocol']
    this.#wss.handleUpgrade(request, socket, head, (ws) => {
      socket.off('error', ignore)
      const format = formatOf(request.url ?? '', ws.protocol)
      this.#acceptor.accept(new WsTransport(ws, socket, format === 'protobuf'), {
        url: request.url ?? '',
        headers: headerMap(request),
        remoteAddress: request.socket.remoteAddress ?? '',
        format,
      })
    })
  }
}

function headerMap(request: IncomingMessage): ReadonlyMap<string, string> {
  const map = new Map<string, string>()
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) map.set(name, Array.isArray(value) ? value.join(', ') : value)
  }
  return map
}

function refuse(socket: Duplex, status: string, extraHeaders = ''): void {
  socket.on('error', ignore)
  // Not left half open: nobody waits for the client to hang up.
  socket.once('finish', () => socket.destroy())
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\n${extraHeaders}Content-Length: 0\r\n\r\n`)
}

function ignore(): void {}
