import type { BackoffOptions } from './backoff.ts'

/** The part of a WebSocket that the client needs; the browser's, Node's and that of the package `ws` fit. */
export interface WebSocketLike {
  onopen: unknown
  onmessage: unknown
  onclose: unknown
  onerror: unknown
  send(data: string): void
  close(code?: number, reason?: string): void
}

/** A WebSocket class. */
export type WebSocketConstructor = new (url: string) => WebSocketLike

/** How a client behaves. Everything is optional. */
export interface ClientOptions {
  /** Says who the client is; what it must contain is the server's business. */
  readonly token?: string | undefined
  /**
   * Fetches a token before the first connect (unless `token` is given) and whenever the server says that the last one has expired. `null`
   * means that there is none to be had: the client disconnects for good. A rejection is reported as an `error` event and tried again.
   * It may take six times `timeoutMs`; then the attempt counts as failed, and it is called again.
   */
  readonly getToken?: (() => string | null | Promise<string | null>) | undefined
  /** Handed to the server's `authenticate` with every connect. A JSON value. */
  readonly data?: unknown
  /** Name of the program, for the server's eyes. @default 'oyez' */
  readonly name?: string | undefined
  /** Stand-ins for HTTP headers, which browsers cannot set on a WebSocket. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** The WebSocket class. @default the global one; where there is none (Node 20), that of the package `ws` */
  readonly WebSocket?: WebSocketConstructor | undefined
  /** Delays between attempts to connect, to subscribe again and to publish again. Each is random below a bound that doubles. */
  readonly backoff?: Partial<BackoffOptions> | undefined
  /** Milliseconds for the connection to open and for each answer of the server. @default 5_000 */
  readonly timeoutMs?: number | undefined
  /** Publications that may be on their way without an answer. @default 64 */
  readonly publishWindow?: number | undefined
  /** Publications that may wait behind these; one more is rejected at once. @default 1_000 */
  readonly publishQueue?: number | undefined
}

// What the platform may have, declared here so that the types of the package depend neither on the DOM's nor on Node's.
interface Platform {
  readonly WebSocket?: WebSocketConstructor
  readonly process?: {
    getBuiltinModule?(id: string): { createRequire(from: string): (id: string) => { WebSocket: WebSocketConstructor } }
  }
}

const platform = globalThis as unknown as Platform

/** Options with their defaults. */
export interface ResolvedClientOptions extends ClientOptions {
  readonly WebSocket: WebSocketConstructor
  readonly urls: readonly string[]
  readonly backoff: BackoffOptions
  readonly timeoutMs: number
  readonly publishWindow: number
  readonly publishQueue: number
}

/**
 * Fills in the defaults.
 *
 * @throws {TypeError} when an address is no `ws:` or `wss:` URL, a number is no whole number from 1 to 300,000,000, or there is no WebSocket class.
 */
export function resolveClientOptions(url: string | readonly string[], options: ClientOptions): ResolvedClientOptions {
  const urls = typeof url === 'string' ? [url] : [...url]
  if (!urls.length) throw new TypeError('Client needs a URL')
  for (const one of urls)
    if (!/^wss?:\/\//.test(one)) throw new TypeError(`Client URL must begin with ws:// or wss://: ${one}`)
  const { backoff, timeoutMs, publishWindow, publishQueue } = options
  return {
    ...options,
    urls,
    WebSocket: options.WebSocket ?? platform.WebSocket ?? fromPackage(),
    backoff: {
      minMs: whole('backoff.minMs', backoff?.minMs, 500),
      maxMs: whole('backoff.maxMs', backoff?.maxMs, 20_000),
    },
    timeoutMs: whole('timeoutMs', timeoutMs, 5_000),
    publishWindow: whole('publishWindow', publishWindow, 64),
    publishQueue: whole('publishQueue', publishQueue, 1_000),
  }
}

/** Longest time in milliseconds that an option can name, about 3 days: six times as much still fits a timer. */
export const MAX_TIMER_MS = 3e8

function whole(name: string, value: number | undefined, preset: number): number {
  if (value === undefined) return preset
  if (!Number.isInteger(value) || value < 1 || value > MAX_TIMER_MS)
    throw new TypeError(`${name} must be a whole number from 1 to 3e8, not ${value}`)
  return value
}

/** The class of the package `ws`, loaded in a way that bundlers for browsers do not follow: there is nothing of it in their bundles. */
function fromPackage(): WebSocketConstructor {
  const module = platform.process?.getBuiltinModule?.('module')
  if (!module) throw new TypeError('no WebSocket class: give one in the option WebSocket')
  return module.createRequire(import.meta.url)('ws').WebSocket
}
