import { expect, test } from 'vitest'
import { useHubs } from './hub-fixture.ts'
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

test('bytes in a channel that no hub wrote are a declared break, not a broken client', async () => {
  const bus = new ScriptedBus()
  const node = await hubs.node({ inner: bus })
  const client = await node.connected('', EXTENDED)
  await client.subscribe('news')
  bus.say('news', 1)
  const { position } = bus.log('news').append()
  node.bus.inject('news', Buffer.from('{"not":"ours"}'), position)
  bus.say('news', 1)
  await client.received('news', 2)
  expect(client.offsets('news')).toEqual([1, 3])
  const { push } = await client.find((message) => message.push?.oyez_break !== undefined)
  expect(push?.oyez_break?.reason).toBe('unknown')
})
