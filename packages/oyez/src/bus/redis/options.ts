import type { ConnectionOptions } from 'node:tls'

/**
 * How hints find the nodes.
 *
 * - `interest`: one pub/sub channel per oyez channel, subscribed only while this node wants it. A node's traffic grows with what its clients
 *   follow.
 * - `broadcast`: one pub/sub channel for all. Every node hears every hint and throws most of them away; simple to watch, and dear from a few
 *   nodes on. All nodes of one prefix must use the same routing.
 */
export type RedisRouting = 'interest' | 'broadcast'

export interface RedisBusOptions {
  /** `redis://[[user]:password@]host[:port][/database]`, or `rediss://` for TLS. */
  readonly url: string
  /** First part of every key and pub/sub channel. Pub/sub knows no databases, so clusters that share a Redis need different prefixes. @default 'oyez' */
  readonly prefix?: string | undefined
  /** @default 'interest' */
  readonly routing?: RedisRouting | undefined
  /** Goes before the one in the URL. */
  readonly username?: string | undefined
  /** Goes before the one in the URL. */
  readonly password?: string | undefined
  /** For `rediss:`, e.g. `ca` of a private authority. */
  readonly tls?: ConnectionOptions | undefined
  /** Calls that may wait for an answer of Redis; more reject with `unavailable`. @default 10_000 */
  readonly maxInFlight?: number | undefined
}

/** Options with the defaults filled in. */
export interface ResolvedRedisOptions {
  readonly host: string
  readonly port: number
  readonly database: number
  readonly username: string | undefined
  readonly password: string | undefined
  /** `undefined` without TLS. */
  readonly tls: ConnectionOptions | undefined
  readonly prefix: string
  readonly routing: RedisRouting
  readonly maxInFlight: number
  /** For messages: host and port, never a password. */
  readonly address: string
}

/** @throws {TypeError} naming what is wrong; the URL itself is not repeated, since it may hold a password. */
export function resolveRedisOptions(options: RedisBusOptions): ResolvedRedisOptions {
  const url = parseUrl(options.url)
  const { prefix = 'oyez', routing = 'interest', maxInFlight = 10_000 } = options
  if (!/^[\w.:/-]{1,64}$/.test(prefix)) {
    throw new TypeError('RedisBusOptions.prefix must be 1 to 64 letters, digits or any of . : / _ -')
  }
  if (routing !== 'interest' && routing !== 'broadcast') {
    throw new TypeError("RedisBusOptions.routing must be 'interest' or 'broadcast'")
  }
  if (!Number.isSafeInteger(maxInFlight) || maxInFlight < 1) {
    throw new TypeError('RedisBusOptions.maxInFlight must be a whole number from 1')
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1') || '127.0.0.1'
  const port = url.port === '' ? 6379 : Number(url.port)
  return Object.freeze({
    host,
    port,
    database: databaseOf(url.pathname),
    username: options.username ?? textOf(url.username),
    password: options.password ?? textOf(url.password),
    tls: url.protocol === 'rediss:' ? (options.tls ?? {}) : undefined,
    prefix,
    routing,
    maxInFlight,
    address: host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`,
  })
}

function parseUrl(text: string): URL {
  const expected = 'RedisBusOptions.url must look like redis://127.0.0.1:6379 or rediss://host:port'
  let url: URL
  try {
    url = new URL(text)
  } catch {
    throw new TypeError(expected)
  }
  if (url.protocol !== 'redis:' && url.protocol !== 'rediss:') throw new TypeError(expected)
  return url
}

function databaseOf(path: string): number {
  if (path === '' || path === '/') return 0
  const database = Number(path.slice(1))
  if (!Number.isSafeInteger(database) || database < 0) {
    throw new TypeError('RedisBusOptions.url must end in a database number, or in nothing after the port')
  }
  return database
}

function textOf(part: string): string | undefined {
  return part === '' ? undefined : decodeURIComponent(part)
}
