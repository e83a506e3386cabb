import { afterEach, beforeEach, expect, it } from 'vitest'
import { RedisServer, waitFor } from '../../fixture/redis-server.ts'
import { RedisNode } from './redis-node.ts'

let master: RedisServer
let replica: RedisServer
let node: RedisNode

beforeEach(async () => {
  master = await RedisServer.start({ args: ['--repl-diskless-sync-delay', '0'] })
  replica = await RedisServer.start()
  await replica.command('REPLICAOF', '127.0.0.1', String(master.port))
  await waitFor(async () => (await replica.command('INFO', 'replication')).includes('master_link_status:up'))
  node = await RedisNode.start({ url: master.url })
})
afterEach(async () => {
  await node.bus.close()
  await Promise.all([master.cleanup(), replica.cleanup()])
})

const ONE = { ack: { replicas: 1 } } as const

it('an append that asks for a replica resolves when the replica has the record', async () => {
  for (let n = 1; n <= 20; n++) {
    await node.store('room', `m${n}`, ONE)
    // What the replica has is what would be left if the master died now.
    expect(await replica.command('XLEN', 'oyez:{room}:s')).toBe(`:${n}`)
  }
})

it('too few replicas in time is uncertain: the record is stored, and heard', async () => {
  await node.bus.subscribe(['room'])
  replica.freeze()
  await expect(node.store('room', 'm1', ONE)).rejects.toMatchObject({
    code: 'uncertain',
    message: expect.stringContaining('had it on 0 of 1 replicas after 1500 ms') as string,
  })
  await node.hears('room', 1)
  expect(await node.texts('room')).toEqual(['m1'])
  replica.thaw()
  await waitFor(async () => (await master.command('INFO', 'replication')).includes('state=online'))
  await node.store('room', 'm2', ONE)
  await expect(node.store('room', 'm3', { ack: { replicas: 2 } })).rejects.toMatchObject({ code: 'uncertain' })
})

it('what does not ask for replicas does not wait for those who do', async () => {
  replica.freeze()
  const slow = expect(node.store('room', 'm1', ONE)).rejects.toMatchObject({ code: 'uncertain' })
  const began = performance.now()
  for (let n = 2; n <= 20; n++) await node.store('room', `m${n}`)
  expect(performance.now() - began).toBeLessThan(1_000)
  await slow
  replica.thaw()
})

it('appends that come together share a WAIT', async () => {
  const waits = async (): Promise<number> =>
    Number(/cmdstat_wait:calls=(\d+)/.exec(await master.command('INFO', 'commandstats'))?.[1] ?? 0)
  await node.store('room', 'first', ONE)
  const before = await waits()
  await Promise.all(Array.from({ length: 200 }, (_, n) => node.store(`room-${n % 7}`, `m${n}`, ONE)))
  expect((await waits()) - before).toBeLessThan(20)
})

it('a repeated append asks for the replicas again', async () => {
  replica.freeze()
  const producer = { id: 'ann', seq: 1 }
  const request = { channel: 'room', record: Buffer.from('m1'), retention: { size: 9, ttlMs: 9_000, metaTtlMs: 9_000 } }
  const append = () => node.bus.append({ ...request, ...ONE, producer })
  await expect(append()).rejects.toMatchObject({ code: 'uncertain' })
  await expect(append()).rejects.toMatchObject({ code: 'uncertain' })
  replica.thaw()
  expect(await append()).toMatchObject({ kind: 'duplicate', position: { offset: 1 } })
})

it('a master that changes between the append and the answer is uncertain', async () => {
  replica.freeze()
  const slow = expect(node.store('room', 'm1', ONE)).rejects.toMatchObject({ code: 'uncertain' })
  await waitFor(async () => (await master.command('INFO', 'clients')).includes('blocked_clients:1'))
  await master.command('REPLICAOF', '127.0.0.1', String(replica.port))
  await slow
  replica.thaw()
})

it('durable is refused where Redis has no WAITAOF, before anything is stored', async () => {
  const version = /redis_version:(\S+)/.exec(await master.command('INFO', 'server'))?.[1] ?? ''
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const append = node.store('room', 'm1', { ack: 'durable' })
  if (major > 7 || (major === 7 && minor >= 2)) {
    // Neither of the two keeps an append-only file here.
    await expect(append).rejects.toMatchObject({ code: 'uncertain' })
    return
  }
  await expect(append).rejects.toMatchObject({
    code: 'refused',
    message: `Redis at 127.0.0.1:${master.port} is version ${version}: the acknowledgement 'durable' needs WAITAOF, which came with 7.2`,
  })
  expect(await node.texts('room')).toEqual([])
})

it('a number of replicas that is none is a mistake', async () => {
  for (const replicas of [0, -1, 1.5]) {
    await expect(node.store('room', 'm1', { ack: { replicas } })).rejects.toThrow(TypeError)
  }
})

it('after close nothing waits any more', async () => {
  replica.freeze()
  const ended = expect(node.store('room', 'm1', ONE)).rejects.toMatchObject({ code: 'closed' })
  await waitFor(async () => (await master.command('INFO', 'clients')).includes('blocked_clients:1'))
  await node.bus.close()
  await ended
  replica.thaw()
})
