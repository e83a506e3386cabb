import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { KeySpace } from '../../../src/bus/redis/key-space.ts'
import { RedisServer } from '../../fixture/redis-server.ts'
import { AMPLE, RedisNode } from './redis-node.ts'

let server: RedisServer
let node: RedisNode
const keys = new KeySpace('oyez')

beforeAll(async () => {
  server = await RedisServer.start()
})
afterAll(() => server.cleanup())
beforeEach(async () => {
  await server.command('FLUSHALL')
  node = await RedisNode.start({ url: server.url })
})
afterEach(() => node.bus.close())

it('of appends that come together, the one that Redis refuses harms no other', async () => {
  await server.command('SET', keys.meta('spoilt'), 'no hash')
  await server.command('SET', keys.log('taken'), 'no stream')
  const channels = ['first', 'a', 'spoilt', 'b', 'taken', 'a']
  const results = await Promise.allSettled(channels.map((channel, n) => node.store(channel, `m${n}`)))
  expect(results.map(({ status }) => status)).toEqual([
    'fulfilled',
    'fulfilled',
    'rejected',
    'fulfilled',
    'rejected',
    'fulfilled',
  ])
  for (const result of results) {
    if (result.status === 'rejected') expect(result.reason).toMatchObject({ name: 'BusError', code: 'refused' })
  }
  expect(await node.texts('a')).toEqual(['m1', 'm5'])
  expect(await node.texts('b')).toEqual(['m3'])
})

it('appends that come together share calls of the script, and keep their order', async () => {
  await node.store('room', 'warm')
  await server.command('CONFIG', 'RESETSTAT')
  const texts = Array.from({ length: 300 }, (_, n) => `m${n}`)
  const positions = await Promise.all(texts.map((text) => node.store('room', text)))
  expect(positions.map(({ offset }) => offset)).toEqual(texts.map((_, n) => n + 2))
  expect(await node.texts('room')).toEqual(['warm', ...texts])
  const stats = await server.command('INFO', 'commandstats')
  const calls = Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1])
  // One that went out at once, five of at most 64, and the read.
  expect(calls).toBeLessThanOrEqual(8)
})

it('each record of a batch keeps its bytes, text or not', async () => {
  const records = [
    Buffer.from('plain'),
    Buffer.from('gr\u00fcn \u2713'),
    Buffer.from([0, 255, 128, 10, 13]),
    Buffer.alloc(0),
  ]
  const stored = records.map((record) => node.bus.append({ channel: 'room', record, retention: AMPLE }))
  await Promise.all(stored)
  const result = await node.read('room')
  expect(result.verdict === 'continue' && result.records.map(({ record }) => Buffer.from(record))).toEqual(records)
})
