import type { ConnectionOptions } from 'node:tls'

/**
 * How hints find the nodes.
 *
 * - `interest`: one pub/sub channel per oyez channel, subscribed only while this node wants it. A node's traffic grows with what its clients
 *   follow.
 * - `broadcast`: one pub/sub channel for all. Every node hears every hint and throws most of them away; simple to watch, and dear from a few
 *   nodes on. All nodes of one prefix must use the same routing. Not for a Cluster.
 */
export type RedisRouting = 'interest' | 'broadcast'

/** How to get into a Redis. */
export interface RedisAccess {
  /** Goes before the one in a URL. @default the default user */
  readonly username?: string | undefined
  /** Goes before the one in a URL. @default none */
  readonly password?: string | undefined
  /**
   * Speaks TLS with these options, e.g. `ca` of a private authority, `cert` and `key` of this client, `servername` where the certificate names another
   * host. The certificate is verified unless `rejectUnauthorized: false` is spelled out. `rediss:` is the same as `{}`. @default no TLS
   */
  readonly tls?: ConnectionOptions | undefined
}

/** A Redis whose master is found through Redis Sentinel. */
export interface RedisSentinelOptions {
  /** The name by which the sentinels know the master. */
  readonly name: string
  /** Some of the sentinels, `host:port`; the others are learned from them. */
  readonly nodes: readonly string[]
  /** The sentinels' own user. @default none */
  readonly username?: string | undefined
  /** The sentinels' own password. @default none */
  readonly password?: string | undefined
}

/** A Redis Cluster. */
export interface RedisClusterOptions {
  /** Some of the nodes, `host:port`; the others are learned from them. */
  readonly nodes: readonly string[]
}

/** One Redis: by URL, by host and port, or behind sentinels. */
export interface RedisPlaceOptions extends RedisAccess {
  /** In one of the forms of {@link parseRedisUrl}. */
  readonly url?: string | undefined
  /** `host:port` of a single Redis, in place of a URL. */
  readonly node?: string | undefined
  readonly sentinel?: RedisSentinelOptions | undefined
  /** Database number. Applications in different databases do not hear each other. @default 0 */
  readonly database?: number | undefined
  /**
   * Names this Redis among several: which channels belong to it is drawn from this name, so it should outlive the machine.
   * @default host, port and database, or the sentinels' name of the master
   */
  readonly id?: string | undefined
}

/** Where the channels are kept: exactly one of `url`, `node`, `sentinel`, `cluster` and `shards`. */
export interface RedisTarget extends RedisPlaceOptions {
  readonly cluster?: RedisClusterOptions | undefined
  /**
   * Several independent Redis: each channel belongs to one of them. All nodes must be given the same list, in any order; when it changes, the channels
   * that move begin new logs.
   */
  readonly shards?: readonly RedisPlaceOptions[] | undefined
}

export interface RedisBusOptions extends RedisTarget {
  /** First part of every key and pub/sub channel. Applications that share a database of a Redis need different prefixes. @default 'oyez' */
  readonly prefix?: string | undefined
  /** @default 'interest' */
  readonly routing?: RedisRouting | undefined
  /** Calls that may wait for an answer of one Redis; more reject with `unavailable`. @default 10_000 */
  readonly maxInFlight?: number | undefined
}

export interface Endpoint {
  readonly host: string
  readonly port: number
}

/** Access with what is left out said as `undefined`. */
export interface Login {
  readonly username: string | undefined
  readonly password: string | undefined
  readonly database: number
  readonly tls: ConnectionOptions | undefined
}

/** One of the places that the channels are kept in. */
export type Place = {
  readonly id: string
  /** For messages: host and port, never a password. */
  readonly address: string
  readonly login: Login
} & (
  | { readonly kind: 'standalone'; readonly endpoint: Endpoint }
  | {
      readonly kind: 'sentinel'
      readonly name: string
      readonly seeds: readonly Endpoint[]
      readonly sentinelLogin: Login
    }
  | { readonly kind: 'cluster'; readonly seeds: readonly Endpoint[] }
)

/** Options with the defaults filled in. */
export interface ResolvedRedisOptions {
  /** One, or the shards. A cluster is alone. */
  readonly places: readonly Place[]
  readonly prefix: string
  readonly routing: RedisRouting
  readonly maxInFlight: number
  /** For messages: never a password. */
  readonly address: string
}

/** Host and port as one writes them. */
export function addressOf({ host, port }: Endpoint): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
