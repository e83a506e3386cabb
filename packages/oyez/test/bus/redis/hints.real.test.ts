import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { KeySpace } from '../../../src/bus/redis/key-space.ts'
import { RedisServer } from '../../fixture/redis-server.ts'
import { RedisNode } from './redis-node.ts'

let server: RedisServer
const nodes: RedisNode[] = []
const keys = new KeySpace('oyez')

beforeAll(async () => {
  server = await RedisServer.start()
})
beforeEach(() => server.command('FLUSHALL'))
afterEach(() => Promise.all(nodes.splice(0).map(({ bus }) => bus.close())))
afterAll(() => server.cleanup())

async function start(routing: 'interest' | 'broadcast' = 'interest'): Promise<RedisNode> {
  const node = await RedisNode.start({ url: server.url, routing })
  nodes.push(node)
  return node
}

it('with interest routing a node hears only what it wants', async () => {
  const [a, b] = [await start(), await start()]
  const before = b.bus.stats()
  await b.bus.subscribe(['wanted'])
  for (let n = 0; n < 50; n++) await a.store(`other:${n}`, 'x')
  await a.store('wanted', 'y')
  await b.hears('wanted', 1)
  const { received, unwanted } = b.bus.stats()
  expect({ received: received - before.received, unwanted: unwanted - before.unwanted }).toEqual({
    received: 1,
    unwanted: 0,
  })
})

it('with broadcast routing a node hears everything and counts what it threw away', async () => {
  const [a, b] = [await start('broadcast'), await start('broadcast')]
  const before = b.bus.stats()
  await b.bus.subscribe(['wanted'])
  for (let n = 0; n < 50; n++) await a.store(`other:${n}`, 'x')
  await a.bus.broadcast('other:ephemeral', Buffer.from('z'))
  await a.store('wanted', 'y')
  await b.hears('wanted', 1)
  const { received, unwanted } = b.bus.stats()
  expect({ received: received - before.received, unwanted: unwanted - before.unwanted }).toEqual({
    received: 52,
    unwanted: 51,
  })
  expect(b.heard.map(({ channel }) => channel)).toEqual(['wanted'])
})

it('garbage on our channels reaches no client, is told as a gap, and the next hint arrives', async () => {
  const node = await start()
  await node.bus.subscribe(['room'])
  const garbage = [
    '',
    'x',
    '\u0001',
    '\u0001\u0002',
    '\u0002\u0002abc',
    '\u0001\u00ff',
    '{"a":1}',
    '\u0001\u0001\u00ff\u00ff',
    'x'.repeat(100_000),
  ]
  garbage.push('\u0001\u0002\u0003abc\u0001x', `\u0001\u0002\u0003abc\u0001${'5'}record`, '\u0001\u0002\u0000\u00011')
  for (const message of garbage) await server.command('PUBLISH', keys.hints('room'), message)
  await node.store('room', 'm1')
  await node.hears('room', 1)
  expect(node.heard).toMatchObject([{ text: 'm1', position: { offset: 1 } }])
  expect(node.statuses.filter(({ state }) => state === 'gap')).toEqual(
    garbage.map(() => ({ state: 'gap', channels: ['room'] })),
  )
})

it('garbage on the channel of all and on a probe channel harms nothing', async () => {
  const node = await start('broadcast')
  await node.bus.subscribe(['room'])
  for (const message of ['', '\u0001\u0003', '\u0001\u0001\u0000\u0004room', 'junk']) {
    await server.command('PUBLISH', keys.allHints, message)
  }
  const probes = (await server.command('PUBSUB', 'CHANNELS', 'oyez:probe:*'))
    .split('\r\n')
    .filter((line) => line.startsWith('oyez'))
  expect(probes).toHaveLength(1)
  await server.command('PUBLISH', probes[0] ?? '', 'NaN')
  await node.store('room', 'm1')
  // One of the four is a well-formed broadcast of nothing.
  await node.hears('room', 2)
  expect(node.heard.map(({ text, position }) => [text, position?.offset])).toEqual([
    ['', undefined],
    ['m1', 1],
  ])
})

it('names with every kind of character make keys that nobody can steer, and reach only their own channel', async () => {
  const names = [
    'a\r\nSET x 1\r\n',
    'quote"\'`',
    '{slot}',
    '}{',
    '%7Bslot%7D',
    'tab\t nul\0',
    'emoji 🎺',
    '*',
    'oyez:{a}:m',
    'long'.repeat(60),
  ]
  const [a, b] = [await start(), await start()]
  await b.bus.subscribe(names)
  for (const name of names) await a.store(name, `for ${name}`)
  await Promise.all(names.map((name) => b.hears(name, 1)))
  for (const name of names) {
    expect(b.heard.filter(({ channel }) => channel === name)).toEqual([
      { channel: name, text: `for ${name}`, position: expect.objectContaining({ offset: 1 }) as unknown },
    ])
    expect(await b.texts(name)).toEqual([`for ${name}`])
  }
  // Nothing else was touched: two keys for each name, beside the short-lived ones of the start-up test of each node.
  const own = (await server.command('KEYS', 'oyez:{*}:[ms]')).match(/^\*(\d+)/)?.[1]
  const all = (await server.command('DBSIZE')).slice(1)
  expect(own).toBe(all)
  expect(Number(all)).toBeGreaterThanOrEqual(2 * names.length)
  for (const name of names) {
    expect(
      keys
        .meta(name)
        .replace(/^oyez:\{/, '')
        .replace(/\}:m$/, ''),
    ).not.toMatch(/[{}]/)
  }
})

it('another prefix is another world, also for hints', async () => {
  const a = await start()
  const other = await RedisNode.start({ url: server.url, prefix: 'staging' })
  nodes.push(other)
  await a.bus.subscribe(['room'])
  await other.store('room', 'theirs')
  await a.store('room', 'ours')
  await a.hears('room', 1)
  expect(a.heard.map(({ text }) => text)).toEqual(['ours'])
})

it('more calls than may wait are refused at once, and the ones that wait are served', async () => {
  const node = await RedisNode.start({ url: server.url, maxInFlight: 100 })
  nodes.push(node)
  const results = await Promise.allSettled(Array.from({ length: 150 }, (_, n) => node.store('bounded', String(n))))
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(100)
  expect(results[149]).toMatchObject({ reason: { code: 'unavailable' } })
  await node.store('bounded', 'again')
})
