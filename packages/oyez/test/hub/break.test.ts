import { expect, test } from 'vitest'
import { type FakeClient, range, type TestNode, turn, useHubs } from './hub-fixture.ts'
import { ScriptedBus } from './scripted-bus.ts'

const hubs = useHubs()
const EXTENDED = { oyez_ext: 1 }

test('a fork is told in the stream to clients with the extension, and the stream goes on', async () => {
  const bus = new ScriptedBus()
  const node = await hubs.node({ inner: bus })
  const heard: unknown[] = []
  node.hub.on('break', (event) => heard.push(event))
  const client = await node.connected('', EXTENDED)
  await client.subscribe('news')
  bus.say('news', 5)
  await client.received('news', 5)
  bus.log('news').failOver(2)
  bus.say('news', 1)
  const { push } = await client.find((message) => message.push?.oyez_break !== undefined)
  const broken = {
    reason: 'fork',
    last: { epoch: 'e1', offset: 5 },
    next: { epoch: 'e2', offset: 4 },
    fork: 3,
  }
  expect(push?.oyez_break).toEqual(broken)
  expect(heard).toEqual([{ channel: 'news', break: broken, subscribers: 1 }])
  bus.say('news', 1)
  await client.received('news', 6)
  expect(client.publications('news').at(-1)).toEqual({ data: 'e2/5', offset: 5 })
  expect(node.hub.stats()).toMatchObject({ breaks: 1, subscriptions: 1 })
})

test('a lost log is a break new-log at offset 0', async () => {
  const bus = new ScriptedBus()
  const node = await hubs.node({ inner: bus })
  const client = await node.connected('', EXTENDED)
  await client.subscribe('news')
  bus.say('news', 3)
  await client.received('news', 3)
  bus.log('news').lose()
  node.bus.gap()
  const { push } = await client.find((message) => message.push?.oyez_break !== undefined)
  expect(push?.oyez_break).toEqual({
    reason: 'new-log',
    last: { epoch: 'e1', offset: 3 },
    next: { epoch: 'e2', offset: 0 },
  })
})

test('a client without the extension is unsubscribed with 2500 and learns of it in the answer to its next subscribe', async () => {
  const bus = new ScriptedBus()
  const node = await hubs.node({ inner: bus })
  const client = await node.connected()
  const { epoch } = await client.subscribe('news')
  bus.say('news', 5)
  await client.received('news', 5)
  bus.log('news').failOver(2)
  bus.say('news', 1)
  const { push } = await client.find((message) => message.push?.unsubscribe !== undefined)
  expect(push?.unsubscribe?.code).toBe(2500)
  const result = await client.subscribe('news', { recover: true, epoch, offset: 5 })
  expect(result).toMatchObject({ was_recovering: true, offset: 4, epoch: 'e2' })
  expect(result.recovered).toBeUndefined()
})

test('its server-side subscription ends with the connection, 3010', async () => {
  const bus = new ScriptedBus()
  const node = await hubs.node({ inner: bus })
  const client = await node.connected('ann')
  bus.say('#ann', 2)
  await client.received('#ann', 2)
  bus.log('#ann').lose()
  node.bus.gap(['#ann'])
  expect(await client.closed()).toBe(3010)
})

test('what was lost between two hints is never made up: one break, then the surviving log', async () => {
  const bus = new ScriptedBus()
  const node = await hubs.node({ inner: bus })
  const client = await node.connected('', EXTENDED)
  await client.subscribe('news')
  bus.say('news', 5)
  await client.received('news', 5)
  // Three more in the log that nobody here heard of, then the oldest are trimmed.
  for (let n = 0; n < 3; n++) bus.log('news').append()
  bus.log('news').trim(7)
  bus.say('news', 1)
  const { push } = await client.find((message) => message.push?.oyez_break !== undefined)
  expect(push?.oyez_break).toEqual({
    reason: 'trimmed',
    last: { epoch: 'e1', offset: 5 },
    next: { epoch: 'e1', offset: 9 },
  })
  bus.say('news', 1)
  await client.received('news', 6)
  expect(client.offsets('news')).toEqual([1, 2, 3, 4, 5, 10])
})

test('instead of bytes that no hub wrote a client gets the record that the log has', async () => {
  const bus = new ScriptedBus()
  const node = await hubs.node({ inner: bus })
  const client = await node.connected('', EXTENDED)
  await client.subscribe('news')
  bus.say('news', 1)
  const { position } = bus.log('news').append()
  node.bus.inject('news', Buffer.from('{"not":"ours"}'), position)
  bus.say('news', 1)
  await client.received('news', 3)
  expect(client.offsets('news')).toEqual([1, 2, 3])
  expect(node.hub.stats()).toMatchObject({ breaks: 0, resyncs: 1 })
})

/** A client that stopped reading, the number of publications it was given, and the log some 20 further. */
async function lagging(node: TestNode, bus: ScriptedBus): Promise<{ client: FakeClient; got: number }> {
  const client = await node.connected('', EXTENDED)
  await client.subscribe('news')
  client.transport.stall()
  while (node.hub.stats().lagging === 0) {
    bus.say('news', 1)
    await turn()
  }
  bus.say('news', 20)
  return { client, got: client.offsets('news').length }
}

test('a client that lags above a fork is told the place up to which it has everything', async () => {
  const bus = new ScriptedBus()
  const node = await hubs.node({ inner: bus, limits: { highWaterBytes: 2_000 } })
  const { client, got } = await lagging(node, bus)
  const fork = got - 2
  bus.log('news').failOver(bus.log('news').top - fork)
  bus.say('news', 1)
  const { push } = await client.find((message) => message.push?.oyez_break !== undefined)
  expect(push?.oyez_break).toEqual({
    reason: 'fork',
    last: { epoch: 'e1', offset: got },
    next: { epoch: 'e2', offset: fork + 1 },
    fork,
  })
  client.transport.drain()
  bus.say('news', 1)
  await client.received('news', got + 1)
  expect(client.publications('news').at(-1)).toEqual({ data: `e2/${fork + 2}`, offset: fork + 2 })
})

test('a client that lags below a fork holds nothing that was rolled back, and goes on without a break', async () => {
  const bus = new ScriptedBus()
  const node = await hubs.node({ inner: bus, limits: { highWaterBytes: 2_000 } })
  const { client, got } = await lagging(node, bus)
  bus.log('news').failOver(5)
  bus.say('news', 1)
  await client.find((message) => message.push?.oyez_epoch !== undefined)
  const { top, texts } = bus.log('news')
  while (client.offsets('news').length < top) {
    client.transport.drain()
    client.transport.stall()
    await turn()
  }
  expect(got).toBeLessThan(top - 6)
  expect(client.publications('news').map(({ data }) => data)).toEqual(texts)
  expect(client.offsets('news')).toEqual(range(1, top))
  expect(node.hub.stats().breaks).toBe(0)
})
