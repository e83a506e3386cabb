import { expect, it } from 'vitest'
import { resolveRedisOptions } from '../../../src/bus/redis/resolve-options.ts'
import { parseRedisUrl } from '../../../src/bus/redis/redis-url.ts'

it('a sentinel url names the sentinels, the master and both credentials', () => {
  const text = 'redis+sentinel://ann:p%2Cw@s1:1,s2:2,s3/town/3?sentinelUsername=sue&sentinelPassword=q%26'
  expect(parseRedisUrl(text)).toEqual({
    sentinel: { name: 'town', nodes: ['s1:1', 's2:2', 's3'], username: 'sue', password: 'q&' },
    username: 'ann',
    password: 'p,w',
    database: 3,
  })
})

it('a cluster url names nodes', () => {
  expect(parseRedisUrl('redis+cluster://:pw@a:1,b:2')).toEqual({ cluster: { nodes: ['a:1', 'b:2'] }, password: 'pw' })
  expect(parseRedisUrl('redis+cluster://a:1/')).toEqual({ cluster: { nodes: ['a:1'] } })
})

it('TLS is asked for with rediss or with +tls', () => {
  for (const text of ['rediss://h', 'rediss+cluster://h', 'redis+cluster+tls://h', 'rediss+sentinel://h/m']) {
    expect(parseRedisUrl(text).tls, text).toEqual({})
  }
  expect(parseRedisUrl('redis+cluster://h').tls).toBeUndefined()
})

it('several urls are shards, whatever stands between them', () => {
  for (const between of [' ', ',', '|', ' | ', ',\n ']) {
    const { shards } = parseRedisUrl(['redis://a:1', 'redis+sentinel://s1,s2/town', 'rediss://b/2'].join(between))
    expect(shards, JSON.stringify(between)).toEqual([
      { node: 'a:1' },
      { sentinel: { name: 'town', nodes: ['s1', 's2'], username: undefined, password: undefined } },
      { node: 'b', database: 2, tls: {} },
    ])
  }
})

it('what is no such url is refused without repeating it', () => {
  for (const text of [
    '',
    'localhost:6379',
    'http://h',
    'redis://user:secret@h:port',
    'redis://user:secret@h:70000',
    'redis://:secret@h/x',
    'redis://:secret@h/-1',
    'redis://:secret@a,b',
    'redis://:secret%@h',
    'redis://:secret@h?x=1',
    'redis+sentinel://:secret@h:1',
    'redis+sentinel://:secret@/town',
    'redis+sentinel://:secret@h/town?other=1',
    'redis+cluster://:secret@h:1/3',
    'redis+cluster://:secret@',
    'redis+ring://:secret@h',
    'redis://:secret@a redis+cluster://b',
  ]) {
    const read = (): unknown => resolveRedisOptions({ url: text })
    expect(read, text).toThrow(TypeError)
    expect(read, text).toThrow(expect.not.stringContaining('secret') as string)
  }
})
