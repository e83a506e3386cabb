import { expect, test } from 'vitest'
import { eventually, type TestNode, useHubs } from './hub-fixture.ts'
import { ScriptedBus } from './scripted-bus.ts'

const hubs = useHubs()

/** A node whose log has lost what a client that comes back holds. */
async function nodeAfterLoss(): Promise<{ readonly node: TestNode; readonly bus: ScriptedBus }> {
  const bus = new ScriptedBus()
  const node = await hubs.node({ inner: bus })
  for (let n = 0; n < 5; n++) bus.log('news').append()
  bus.log('news').failOver(2)
  return { node, bus }
}

const HELD = { recover: true, epoch: 'e1', offset: 5 }

test('a fork is told to a client that comes back after the bus has confirmed its broker, and the log was read again', async () => {
  const { node, bus } = await nodeAfterLoss()
  const client = await node.connected()
  node.bus.hold('confirm')
  const id = client.send({ subscribe: { channel: 'news', ...HELD } })
  await eventually(() => node.bus.held('confirm') === 1)
  const reads = bus.stats().reads
  expect(client.seen.some((message) => message.id === id)).toBe(false)
  node.bus.release('confirm')
  const { subscribe } = await client.reply(id)
  expect(subscribe?.oyez_break).toMatchObject({ reason: 'fork', fork: 3 })
  expect(bus.stats().reads).toBe(reads + 1)
})

test('a node that had read from a demoted master answers from the right one when the confirmation has led it there', async () => {
  const bus = new ScriptedBus()
  const node = await hubs.node({ inner: bus })
  const log = bus.log('news')
  for (let n = 0; n < 3; n++) log.append()
  const client = await node.connected()
  node.bus.hold('confirm')
  // The client has heard 4 and 5 from the new master already.
  const id = client.send({ subscribe: { channel: 'news', recover: true, epoch: 'e2', offset: 5 } })
  await eventually(() => node.bus.held('confirm') === 1)
  log.failOver(0)
  for (let n = 0; n < 3; n++) log.append()
  node.bus.release('confirm')
  const { subscribe } = await client.reply(id)
  expect(subscribe).toMatchObject({ recovered: true, epoch: 'e2', offset: 5 })
  expect(subscribe?.publications?.map(({ offset }) => offset)).toEqual([6])
  expect(node.hub.stats().breaks).toBe(0)
})

test('all who come back to a channel at the same time share one confirmation', async () => {
  const { node } = await nodeAfterLoss()
  const clients = await Promise.all(Array.from({ length: 20 }, () => node.connected()))
  node.bus.hold('confirm')
  const replies = clients.map((client) => client.subscribe('news', HELD))
  await eventually(() => node.bus.held('confirm') === 1 && node.bus.calls('read') >= 21)
  node.bus.release('confirm')
  for (const { oyez_break: broken } of await Promise.all(replies)) expect(broken?.reason).toBe('fork')
  expect(node.bus.calls('confirm')).toBe(1)
})

test('a node that cannot confirm its broker declares no break: the client is told to try again', async () => {
  const { node } = await nodeAfterLoss()
  const client = await node.connected('', { oyez_ext: 1 })
  node.bus.failNext('confirm')
  expect((await client.ask({ subscribe: { channel: 'news', ...HELD } })).error).toMatchObject({
    code: 100,
    temporary: true,
  })
  expect(node.hub.stats()).toMatchObject({ breaks: 0, subscriptions: 0 })
  expect((await client.subscribe('news', HELD)).oyez_break?.reason).toBe('fork')
})

test('nor does it in the answer to a connect, so that the client looks for another node', async () => {
  const bus = new ScriptedBus()
  const node = await hubs.node({ inner: bus })
  bus.log('#ann').append()
  bus.log('#ann').lose()
  node.bus.failNext('confirm')
  const { error } = await node.client().ask({ connect: { token: 'ann', subs: { '#ann': { ...HELD, offset: 1 } } } })
  expect(error).toMatchObject({ code: 100, temporary: true })
})

test('history that was trimmed needs no confirmation', async () => {
  const bus = new ScriptedBus()
  const node = await hubs.node({ inner: bus })
  for (let n = 0; n < 5; n++) bus.log('news').append()
  bus.log('news').trim(3)
  const client = await node.connected()
  const result = await client.subscribe('news', { ...HELD, offset: 1 })
  expect(result.oyez_break?.reason).toBe('trimmed')
  expect(node.bus.calls('confirm')).toBe(0)
})
