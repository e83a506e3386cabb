import type { ChannelRulesOptions, HubLimits, HubTimes } from 'oyez'

/** Everything `oyez serve` needs to know, complete and checked. Plain data: it is handed to worker processes as it is. */
export interface ServerConfig {
  /** TCP port; 0 picks a free one. @default 8001 */
  readonly port: number
  /** Address to listen on. @default '127.0.0.1' */
  readonly host: string
  /** Name of this node, shown to clients and in logs; workers append `-w1`, `-w2`, … @default the host's name */
  readonly name: string
  /** `memory:`, `worker:` or the URL of a Redis, in all the forms of `parseRedisUrl` of `oyez/bus/redis`. @default 'memory:' for one process, 'worker:' for several */
  readonly bus: string
  /** Milliseconds to wait at the start for a Redis that cannot be used yet; 0 ends at once. @default 30_000 */
  readonly waitForBusMs: number
  /** Worker processes; 1 without a `worker:` bus or a demo runs in this process. @default 1 */
  readonly workers: number
  /** Lets anybody in under any name with all rights. @default false */
  readonly dev: boolean
  /** Offers `/demo/nodes` and `/demo/kill`; needs `dev`. @default false */
  readonly demo: boolean
  /** Directory of files to serve. @default none */
  readonly staticDir: string | undefined
  /** Web origins that may connect; `any` for all. @default the server's own origin; with `dev` pages of this machine */
  readonly origins: readonly string[] | 'any' | undefined
  /** Key of the HTTP API. Without one the API is off, or open with `dev`. */
  readonly apiKey: string | undefined
  /** `human` lines or one `json` object a line. @default 'human' */
  readonly log: 'human' | 'json'
  /** Milliseconds over which connections are closed when the server stops. @default 5_000 */
  readonly drainMs: number
  readonly redis: RedisSettings
  readonly channels: ChannelRulesOptions
  readonly limits: Partial<HubLimits>
  readonly times: Partial<HubTimes>
}

/** Settings of a Redis bus beyond its URL. */
export interface RedisSettings {
  /** Beginning of every key and channel in Redis. @default 'oyez' */
  readonly prefix?: string | undefined
  /** One Redis channel per channel, or one for everything. @default 'interest' */
  readonly routing?: 'interest' | 'broadcast' | undefined
  /** File with the authorities whose certificates are trusted. Any of the four turns TLS on. @default those that Node trusts */
  readonly ca?: string | undefined
  /** File with this client's certificate. */
  readonly cert?: string | undefined
  /** File with the key of `cert`. */
  readonly key?: string | undefined
  /** The name that the server's certificate must have. @default the host that is connected to */
  readonly servername?: string | undefined
}
