import {
  addressOf,
  type Endpoint,
  type Login,
  type Place,
  type RedisBusOptions,
  type RedisTarget,
  type ResolvedRedisOptions,
} from './options.ts'
import { parseRedisUrl } from './redis-url.ts'

/** @throws {TypeError} naming what is wrong; a URL itself is not repeated, since it may hold a password. */
export function resolveRedisOptions(options: RedisBusOptions): ResolvedRedisOptions {
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
  const target = readUrl(options)
  const places = target.shards === undefined ? [placeOf(target)] : shardsOf(target)
  if (routing === 'broadcast' && places[0]?.kind === 'cluster') {
    throw new TypeError("RedisBusOptions.routing 'broadcast' does not go with a Cluster: use 'interest'")
  }
  const address = places.map((place) => place.address).join(', ')
  return Object.freeze({ places, prefix, routing, maxInFlight, address })
}

/** What a URL says, with the caller's own options before it. */
function readUrl(options: RedisTarget): RedisTarget {
  const { url, ...own } = options
  const given = [url, own.node, own.sentinel, own.cluster, own.shards].filter((way) => way !== undefined)
  if (given.length !== 1) {
    throw new TypeError('RedisBusOptions needs exactly one of url, node, sentinel, cluster and shards')
  }
  if (url === undefined) return options
  const said = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined))
  return { ...parseRedisUrl(url), ...said }
}

function shardsOf({ shards = [], username, password, tls, id }: RedisTarget): Place[] {
  if (shards.length === 0) throw new TypeError('RedisBusOptions.shards must name at least one Redis')
  if (id !== undefined) throw new TypeError('RedisBusOptions.id belongs to a shard')
  const places = shards.map((shard) => {
    const place: RedisTarget = readUrl(shard)
    if (place.cluster !== undefined || place.shards !== undefined) {
      throw new TypeError('RedisBusOptions.shards are single Redis or Redis behind sentinels')
    }
    return placeOf({
      ...place,
      username: place.username ?? username,
      password: place.password ?? password,
      tls: place.tls ?? tls,
    })
  })
  const ids = new Set(places.map(({ id }) => id))
  if (ids.size < places.length) throw new TypeError('RedisBusOptions.shards: two have the same name; give each an id')
  return places
}

function placeOf(target: RedisTarget): Place {
  const { node, sentinel, cluster, username, password, database = 0, tls } = target
  if (!Number.isSafeInteger(database) || database < 0) {
    throw new TypeError('RedisBusOptions.database must be a whole number from 0')
  }
  const login: Login = { username, password, database, tls }
  if (cluster !== undefined) {
    if (database !== 0) throw new TypeError('RedisBusOptions.database: a Redis Cluster has none but 0')
    const seeds = endpointsOf('RedisBusOptions.cluster.nodes', cluster.nodes, 6379)
    return { kind: 'cluster', id: 'cluster', address: `cluster of ${listOf(seeds)}`, login, seeds }
  }
  if (sentinel !== undefined) {
    const { name } = sentinel
    if (!/^[^\s,]{1,255}$/.test(name))
      throw new TypeError('RedisBusOptions.sentinel.name must be the name of the master')
    const seeds = endpointsOf('RedisBusOptions.sentinel.nodes', sentinel.nodes, 26_379)
    const sentinelLogin = { username: sentinel.username, password: sentinel.password, database: 0, tls }
    const address = `${name} of the sentinels ${listOf(seeds)}`
    return { kind: 'sentinel', id: target.id ?? name, address, login, name, seeds, sentinelLogin }
  }
  const [endpoint = { host: '127.0.0.1', port: 6379 }] = endpointsOf('RedisBusOptions.node', [node ?? ''], 6379)
  const address = addressOf(endpoint)
  return { kind: 'standalone', id: target.id ?? `${address}/${database}`, address, login, endpoint }
}

function listOf(endpoints: readonly Endpoint[]): string {
  return endpoints.map(addressOf).join(', ')
}

function endpointsOf(option: string, nodes: readonly string[], defaultPort: number): Endpoint[] {
  if (nodes.length === 0) throw new TypeError(`${option} must name at least one node`)
  return nodes.map((node) => {
    const match = /^(?:\[([0-9a-fA-F:.]+)\]|([\w.-]+))(?::(\d{1,5}))?$/.exec(node)
    const port = Number(match?.[3] ?? defaultPort)
    const host = match?.[1] ?? match?.[2]
    if (host === undefined || port < 1 || port > 65_535) throw new TypeError(`${option} must look like host:port`)
    return { host, port }
  })
}
