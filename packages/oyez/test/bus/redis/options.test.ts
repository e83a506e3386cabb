import { expect, it } from 'vitest'
import { resolveRedisOptions } from '../../../src/bus/redis/options.ts'

it('a url gives host, port, database and the credentials', () => {
  expect(resolveRedisOptions({ url: 'redis://ann:p%40ss@redis.example:7000/3' })).toMatchObject({
    host: 'redis.example',
    port: 7000,
    database: 3,
    username: 'ann',
    password: 'p@ss',
    tls: undefined,
    address: 'redis.example:7000',
  })
})

it('what is left out has its default', () => {
  expect(resolveRedisOptions({ url: 'redis://localhost' })).toMatchObject({
    port: 6379,
    database: 0,
    username: undefined,
    password: undefined,
    prefix: 'oyez',
    routing: 'interest',
    maxInFlight: 10_000,
  })
})

it('credentials of their own go before those of the url', () => {
  const options = resolveRedisOptions({ url: 'redis://ann:one@h', username: 'bob', password: 'two' })
  expect(options).toMatchObject({ username: 'bob', password: 'two' })
})

it('rediss is TLS, with what the caller adds', () => {
  expect(resolveRedisOptions({ url: 'rediss://h' }).tls).toEqual({})
  expect(resolveRedisOptions({ url: 'rediss://h', tls: { ca: 'x' } }).tls).toEqual({ ca: 'x' })
})

it('an IPv6 address is understood and named with brackets', () => {
  expect(resolveRedisOptions({ url: 'redis://[::1]:7000' })).toMatchObject({ host: '::1', address: '[::1]:7000' })
})

it('a url that cannot be one is refused without repeating it', () => {
  for (const url of [
    '',
    'localhost:6379',
    'http://h',
    'redis://user:secret@h:port',
    'redis://:secret@h/x',
    'redis://h/-1',
  ]) {
    expect(() => resolveRedisOptions({ url })).toThrow(TypeError)
    expect(() => resolveRedisOptions({ url })).toThrow(expect.not.stringContaining('secret') as string)
  }
})

it('other options that cannot be right are named', () => {
  const url = 'redis://h'
  expect(() => resolveRedisOptions({ url, prefix: '' })).toThrow('RedisBusOptions.prefix')
  expect(() => resolveRedisOptions({ url, prefix: 'a{b}' })).toThrow('RedisBusOptions.prefix')
  expect(() => resolveRedisOptions({ url, maxInFlight: 0 })).toThrow('RedisBusOptions.maxInFlight')
  expect(() => resolveRedisOptions({ url, routing: 'all' as 'broadcast' })).toThrow('RedisBusOptions.routing')
})
