import { expect, it } from 'vitest'
import type { Place, RedisBusOptions } from '../../../src/bus/redis/options.ts'
import { resolveRedisOptions } from '../../../src/bus/redis/resolve-options.ts'

function placeOf(options: RedisBusOptions): Place | undefined {
  return resolveRedisOptions(options).places[0]
}

it('a url gives host, port, database and the credentials', () => {
  expect(placeOf({ url: 'redis://ann:p%40ss@redis.example:7000/3' })).toEqual({
    kind: 'standalone',
    id: 'redis.example:7000/3',
    address: 'redis.example:7000',
    endpoint: { host: 'redis.example', port: 7000 },
    login: { username: 'ann', password: 'p@ss', database: 3, tls: undefined },
  })
})

it('what is left out has its default', () => {
  const options = resolveRedisOptions({ url: 'redis://localhost' })
  expect(options).toMatchObject({ prefix: 'oyez', routing: 'interest', maxInFlight: 10_000, address: 'localhost:6379' })
  expect(options.places).toMatchObject([
    {
      endpoint: { host: 'localhost', port: 6379 },
      login: { username: undefined, password: undefined, database: 0, tls: undefined },
    },
  ])
})

it('credentials of their own go before those of the url', () => {
  const place = placeOf({ url: 'redis://ann:one@h', username: 'bob', password: 'two' })
  expect(place?.login).toMatchObject({ username: 'bob', password: 'two' })
  // What is undefined was not given.
  expect(placeOf({ url: 'redis://ann:one@h', username: undefined })?.login).toMatchObject({ username: 'ann' })
})

it('rediss and the option tls are the same', () => {
  expect(placeOf({ url: 'rediss://h' })?.login.tls).toEqual({})
  expect(placeOf({ url: 'rediss://h', tls: { ca: 'x' } })?.login.tls).toEqual({ ca: 'x' })
  expect(placeOf({ url: 'redis://h', tls: { ca: 'x' } })?.login.tls).toEqual({ ca: 'x' })
})

it('an IPv6 address is understood and named with brackets', () => {
  expect(placeOf({ url: 'redis://[::1]:7000' })).toMatchObject({
    endpoint: { host: '::1', port: 7000 },
    address: '[::1]:7000',
  })
})

it('sentinels, a cluster and shards can be given as options', () => {
  const sentinel = { name: 'town', nodes: ['s1:1', 's2'], username: 'sue', password: 'x' }
  expect(placeOf({ sentinel, username: 'ann', tls: {} })).toMatchObject({
    kind: 'sentinel',
    id: 'town',
    seeds: [
      { host: 's1', port: 1 },
      { host: 's2', port: 26_379 },
    ],
    login: { username: 'ann', tls: {} },
    sentinelLogin: { username: 'sue', password: 'x', tls: {} },
  })
  expect(placeOf({ cluster: { nodes: ['a:1', 'b:2'] } })).toMatchObject({
    kind: 'cluster',
    seeds: [
      { host: 'a', port: 1 },
      { host: 'b', port: 2 },
    ],
  })
  const { places } = resolveRedisOptions({
    shards: [{ url: 'redis://a' }, { sentinel: { name: 'town', nodes: ['s'] }, id: 'b' }],
    password: 'x',
  })
  expect(places.map(({ kind, id, login }) => [kind, id, login.password])).toEqual([
    ['standalone', 'a:6379/0', 'x'],
    ['sentinel', 'b', 'x'],
  ])
})

it('exactly one way to a Redis must be given', () => {
  const message = 'exactly one of url, node, sentinel, cluster and shards'
  expect(() => resolveRedisOptions({})).toThrow(message)
  expect(() => resolveRedisOptions({ url: 'redis://h', cluster: { nodes: ['a'] } })).toThrow(message)
})

it('what contradicts itself is refused', () => {
  expect(() => resolveRedisOptions({ shards: [] })).toThrow('at least one')
  expect(() => resolveRedisOptions({ shards: [{ url: 'redis+cluster://a' }] })).toThrow('single Redis')
  expect(() => resolveRedisOptions({ shards: [{ url: 'redis://a' }, { url: 'redis://a' }] })).toThrow('an id')
  expect(() => resolveRedisOptions({ cluster: { nodes: ['a'] }, database: 1 })).toThrow('none but 0')
  expect(() => resolveRedisOptions({ cluster: { nodes: ['a'] }, routing: 'broadcast' })).toThrow('Cluster')
  expect(() => resolveRedisOptions({ cluster: { nodes: [] } })).toThrow('cluster.nodes')
  expect(() => resolveRedisOptions({ sentinel: { name: '', nodes: ['a'] } })).toThrow('sentinel.name')
})

it('other options that cannot be right are named', () => {
  const url = 'redis://h'
  expect(() => resolveRedisOptions({ url, prefix: '' })).toThrow('RedisBusOptions.prefix')
  expect(() => resolveRedisOptions({ url, prefix: 'a{b}' })).toThrow('RedisBusOptions.prefix')
  expect(() => resolveRedisOptions({ url, maxInFlight: 0 })).toThrow('RedisBusOptions.maxInFlight')
  expect(() => resolveRedisOptions({ url, routing: 'all' as 'broadcast' })).toThrow('RedisBusOptions.routing')
  expect(() => resolveRedisOptions({ url, database: -1 })).toThrow('RedisBusOptions.database')
})
