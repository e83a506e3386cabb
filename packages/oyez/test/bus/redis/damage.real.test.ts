import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
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
  await server.command('CONFIG', 'SET', 'maxmemory', '0', 'min-replicas-to-write', '0')
  node = await RedisNode.start({ url: server.url })
})
afterEach(() => node.bus.close())

describe.each([
  ['metadata', keys.meta('room')],
  ['stream', keys.log('room')],
])('after the %s of a log was deleted', (_, key) => {
  it('a read says new log, and the log begins anew', async () => {
    await node.store('room', 'm1')
    const held = await node.store('room', 'm2')
    await server.command('DEL', key)
    const result = await node.read('room', { after: held })
    expect(result).toMatchObject({ verdict: 'break', reason: 'new-log', head: { offset: 0 } })
    expect(await node.store('room', 'n1')).toEqual({ epoch: result.head.epoch, offset: 1 })
    expect(await node.texts('room', { after: result.head })).toEqual(['n1'])
  })

  it('an append begins anew, and older positions break', async () => {
    await node.store('room', 'm1')
    const held = await node.store('room', 'm2')
    await server.command('DEL', key)
    expect(await node.store('room', 'n1')).toMatchObject({ offset: 1 })
    expect(await node.texts('room')).toEqual(['n1'])
    expect(await node.read('room', { after: held })).toMatchObject({ verdict: 'break', reason: 'new-log' })
  })

  it('heads does not pretend that there is a log', async () => {
    await node.store('room', 'm1')
    await server.command('DEL', key)
    expect(await node.bus.heads(['room'])).toEqual([undefined])
  })

  it('a producer is unknown', async () => {
    const producer = (seq: number) => ({
      channel: 'room',
      record: Buffer.of(1),
      retention: AMPLE,
      producer: { id: 'p', seq },
    })
    await node.bus.append(producer(1))
    await node.bus.append(producer(2))
    await server.command('DEL', key)
    expect(await node.bus.append(producer(2))).toEqual({ kind: 'unknown-producer' })
    expect(await node.bus.append(producer(3))).toEqual({ kind: 'unknown-producer' })
    expect(await node.bus.append(producer(1))).toMatchObject({ kind: 'appended', position: { offset: 1 } })
  })
})

it('a stream that is ahead of its metadata makes a new log', async () => {
  const held = await node.store('room', 'm1')
  await server.command('XADD', keys.log('room'), '9-0', 'd', 'forged')
  expect(await node.read('room', { after: held })).toMatchObject({ verdict: 'break', reason: 'new-log' })
  const again = await node.store('room', 'm1')
  await server.command('XADD', keys.log('room'), '9-0', 'd', 'forged')
  expect((await node.store('room', 'n1')).epoch).not.toBe(again.epoch)
})

it('a hole in the stream is told as trimmed, never skipped', async () => {
  for (let n = 1; n <= 5; n++) await node.store('room', `m${n}`)
  const { head } = await node.read('room', { limit: 0 })
  await server.command('XDEL', keys.log('room'), '3-0')
  expect(await node.texts('room', { after: { ...head, offset: 0 } })).toEqual(['m1', 'm2'])
  expect(await node.read('room', { after: { ...head, offset: 2 } })).toMatchObject({ reason: 'trimmed' })
  expect(await node.texts('room', { after: { ...head, offset: 3 } })).toEqual(['m4', 'm5'])
})

describe.each([
  ['metadata', keys.meta('room')],
  ['stream', keys.log('room')],
])('when the key of the %s holds another type', (_, key) => {
  it('appends and reads are refused and the foreign key stays', async () => {
    await server.command('SET', key, 'mine')
    await expect(node.store('room', 'm1')).rejects.toMatchObject({ code: 'refused' })
    await expect(node.read('room')).rejects.toThrow('another program uses the same prefix')
    expect(await node.bus.heads(['room', 'other'])).toEqual([undefined, undefined])
    expect(await server.command('GET', key)).toContain('mine')
    await server.command('DEL', key)
    expect(await node.store('room', 'm1')).toMatchObject({ offset: 1 })
  })

  it('a log whose key was replaced changes nothing before it refuses', async () => {
    await node.store('room', 'm1')
    await server.command('DEL', key)
    await server.command('SET', key, 'mine')
    const other = key === keys.meta('room') ? keys.log('room') : keys.meta('room')
    const before = await server.command('DUMP', other)
    await expect(node.store('room', 'm2')).rejects.toMatchObject({ code: 'refused' })
    expect(await server.command('DUMP', other)).toBe(before)
  })
})

it.each(['many', '-5', '1.5', '1e400', 'nan', '99999999999999999999', ''])(
  'a top of %o makes a new log and no error',
  async (top) => {
    const tamper = (channel: string): Promise<string> =>
      server.command('HSET', keys.meta(channel), 'i', 'x', 't', 'y', 'n', top, 'x', 'never', 'f', ',,:')
    await tamper('read')
    await tamper('append')
    const [head] = await node.bus.heads(['read'])
    expect(head).toBeUndefined()
    expect(await node.read('read')).toMatchObject({ verdict: 'continue', head: { offset: 0 } })
    expect(await node.store('append', 'm1')).toMatchObject({ offset: 1 })
    expect(await node.texts('append')).toEqual(['m1'])
  },
)

it('scripts that were flushed are loaded again, and pipelined appends keep their order', async () => {
  await node.bus.subscribe(['room'])
  await node.store('room', 'm0')
  const appends: Promise<unknown>[] = []
  const expected = ['m0']
  for (let round = 0; round < 20; round++) {
    await server.command('SCRIPT', 'FLUSH')
    for (let n = 0; n < 25; n++) {
      expected.push(`${round}.${n}`)
      appends.push(node.store('room', `${round}.${n}`))
      if (n % 5 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
  }
  await Promise.all(appends)
  expect(await node.texts('room')).toEqual(expected)
})

it('a server without memory refuses appends in one piece, and takes them again later', async () => {
  await node.store('room', 'm1')
  await server.command('CONFIG', 'SET', 'maxmemory', '1')
  const before = await server.command('HGETALL', keys.meta('room'))
  await expect(node.store('room', 'm2')).rejects.toMatchObject({
    code: 'refused',
    message: expect.stringContaining('maxmemory') as string,
  })
  await expect(node.store('new', 'm1')).rejects.toMatchObject({ code: 'refused' })
  expect(await node.texts('room')).toEqual(['m1'])
  expect(await server.command('HGETALL', keys.meta('room'))).toBe(before)
  await server.command('CONFIG', 'SET', 'maxmemory', '0')
  expect(await node.store('room', 'm2')).toMatchObject({ offset: 2 })
})

it('a server that lacks replicas refuses appends in one piece', async () => {
  await server.command('CONFIG', 'SET', 'min-replicas-to-write', '1')
  await expect(node.store('room', 'm1')).rejects.toMatchObject({
    code: 'refused',
    message: expect.stringContaining('min-replicas') as string,
  })
  expect(await server.command('EXISTS', keys.meta('room'), keys.log('room'))).toBe(':0')
  await server.command('CONFIG', 'SET', 'min-replicas-to-write', '0')
  await node.store('room', 'm1')
})

it('a hint that cannot be published is no failed append, and the node is told of the gap', async () => {
  await server.command('ACL', 'SETUSER', 'quiet', 'on', '>secret', '~*', '+@all', '&*')
  const quiet = await RedisNode.start({ url: server.url, username: 'quiet', password: 'secret' })
  await server.command('ACL', 'SETUSER', 'quiet', 'resetchannels', '&oyez:probe:*')
  await quiet.store('room', 'm1')
  expect(quiet.statuses).toContainEqual({ state: 'gap', channels: ['room'] })
  expect(await node.texts('room')).toEqual(['m1'])
  await quiet.bus.close()
})

it('producers and keys of a channel are bounded', async () => {
  const appends: Promise<unknown>[] = []
  for (let n = 0; n < 10_500; n++) {
    appends.push(
      node.bus.append({
        channel: 'room',
        record: Buffer.of(1),
        retention: { ...AMPLE, size: 10 },
        producer: { id: `p${n}`, seq: 1 },
      }),
    )
    if (n % 2_000 === 0) await Promise.all(appends.splice(0))
  }
  await Promise.all(appends)
  const entries = Number((await server.command('HLEN', keys.meta('room'))).slice(1))
  expect(entries).toBeGreaterThan(9_000)
  expect(entries).toBeLessThanOrEqual(10_005)
})
