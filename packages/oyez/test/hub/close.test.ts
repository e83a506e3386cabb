import { expect, test } from 'vitest'
import { MemoryBus } from '../../src/bus/memory/index.ts'
import { Hub } from '../../src/hub/hub.ts'
import { FlakyBus } from '../../src/testing/flaky-bus.ts'
import { deferred, FakeClient, REQUEST, turn, useHubs } from './hub-fixture.ts'

const hubs = useHubs()

test('closing twice is the same as once', async () => {
  const node = await hubs.node()
  const client = await node.connected('ann')
  const [first, second] = [node.hub.close(), node.hub.close()]
  expect(second).toBe(first)
  await first
  expect(client.transport.closedWith).toEqual({ code: 3001, reason: 'shutdown' })
  await node.hub.close()
  expect(node.hub.stats()).toMatchObject({ bus: 'closed', connections: 0, subscriptions: 0, busChannels: 0 })
})

test('after it nothing is delivered', async () => {
  const [here, there] = [await hubs.node(), await hubs.node()]
  const client = await here.connected()
  await client.subscribe('news')
  await here.hub.close()
  const before = client.seen.length
  await there.hub.publish('news', 1)
  here.bus.inject('news', new Uint8Array([1, 2, 3]), { epoch: 'x', offset: 1 })
  here.bus.gap()
  await turn()
  expect(client.seen).toHaveLength(before)
})

test('a closed hub says so to whoever uses it', async () => {
  const node = await hubs.node()
  await node.hub.close()
  await expect(node.hub.publish('news', 1)).rejects.toMatchObject({ name: 'HubError', code: 'closed' })
  await expect(node.hub.history('news')).rejects.toMatchObject({ name: 'HubError', code: 'closed' })
  await expect(node.hub.disconnect({ userId: 'ann' })).rejects.toMatchObject({ name: 'HubError', code: 'closed' })
  const late = node.client()
  expect(await late.closed()).toBe(3001)
  expect(node.hub.ready).toBe(false)
})

test('a hub that was never started closes, and says what it is when used', async () => {
  const hub = new Hub({ bus: new MemoryBus() })
  await expect(hub.publish('news', 1)).rejects.toMatchObject({ code: 'closed', message: 'the hub is not started' })
  expect(hub.ready).toBe(false)
  await hub.close()
  await expect(hub.start()).rejects.toThrow('once')
})

test('a start that is overtaken by a close ends closed', async () => {
  const bus = new FlakyBus(new MemoryBus())
  const hub = new Hub({ bus })
  bus.hold('subscribe')
  const starting = hub.start()
  starting.catch(() => undefined)
  const closing = hub.close()
  bus.release('subscribe')
  await expect(starting).rejects.toThrow()
  await closing
  expect(hub.accepting).toBe(false)
  expect(hub.stats().bus).toBe('closed')
})

test('a start that fails closes the hub and rejects with what the bus said', async () => {
  const bus = new FlakyBus(new MemoryBus())
  bus.goDown(new Error('cannot reach redis at 127.0.0.1:1'))
  const hub = new Hub({ bus })
  await expect(hub.start()).rejects.toThrow('cannot reach redis at 127.0.0.1:1')
  expect(hub.stats().bus).toBe('closed')
})

test('a client that comes while the hub drains is sent away', async () => {
  const gate = deferred<void>()
  const node = await hubs.node()
  const client = await node.connected()
  // A client that does not say goodbye holds the drain up.
  client.transport.close = () => void gate.promise.then(() => client.transport.hangUp())
  const closing = node.hub.close()
  const late = new FakeClient()
  node.hub.accept(late.transport, REQUEST)
  expect(await late.closed()).toBe(3001)
  gate.resolve()
  await closing
})

test('drain sends the clients away one after the other, within its time', async () => {
  const node = await hubs.node()
  const clients = await Promise.all(Array.from({ length: 20 }, () => node.connected()))
  const gone = (): number => clients.filter(({ transport }) => transport.closedWith !== undefined).length
  const steps = new Set<number>()
  const watch = setInterval(() => steps.add(gone()), 1)
  await node.hub.close({ drainMs: 300 })
  clearInterval(watch)
  expect(gone()).toBe(20)
  // Not all at once: at least some states between none and all were seen.
  expect([...steps].filter((count) => count > 0 && count < 20).length).toBeGreaterThan(3)
})

test('a connect that is under way when the hub closes gets no answer and nothing leaks', async () => {
  const gate = deferred<{ userId: string }>()
  const node = await hubs.node({ authenticate: () => gate.promise })
  const client = node.client()
  client.send({ connect: {} })
  await node.hub.close()
  gate.resolve({ userId: 'ann' })
  await turn()
  expect(client.seen).toEqual([])
  expect(node.hub.stats()).toMatchObject({ connections: 0, users: 0, subscriptions: 0 })
})
