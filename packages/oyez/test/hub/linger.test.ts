import { expect, test } from 'vitest'
import { eventually, turn, useHubs } from './hub-fixture.ts'

const hubs = useHubs()
const times = { lingerMs: 30, pingIntervalMs: 40, pongTimeoutMs: 60_000 }

test('the last leave lingers, then the channel leaves the bus', async () => {
  const node = await hubs.node({ times })
  const client = await node.connected()
  await client.subscribe('news')
  await client.ask({ unsubscribe: { channel: 'news' } })
  expect(node.hub.stats()).toMatchObject({ channels: 0, busChannels: 1 })
  await eventually(() => node.hub.stats().busChannels === 0)
  expect(node.bus.calls('unsubscribe')).toBe(1)
  expect(node.hub.stats().sequencers).toBe(0)
})

test('who comes back within the linger time costs the bus nothing', async () => {
  const node = await hubs.node({ times: { ...times, lingerMs: 60_000 } })
  const client = await node.connected()
  await client.subscribe('news')
  const before = [node.bus.calls('subscribe'), node.bus.calls('read')]
  await client.ask({ unsubscribe: { channel: 'news' } })
  await client.subscribe('news')
  expect([node.bus.calls('subscribe'), node.bus.calls('read')]).toEqual(before)
  await node.hub.publish('news', 1)
  expect(await client.received('news', 1)).toHaveLength(1)
})

test('a subscribe during the unsubscribe of the bus waits for it, and then is live', async () => {
  const node = await hubs.node({ times })
  const client = await node.connected()
  await client.subscribe('news')
  const subscribed = node.bus.calls('subscribe')
  node.bus.hold('unsubscribe')
  await client.ask({ unsubscribe: { channel: 'news' } })
  await eventually(() => node.bus.held('unsubscribe') === 1)
  const id = client.send({ subscribe: { channel: 'news' } })
  await turn()
  expect(node.bus.calls('subscribe')).toBe(subscribed)
  node.bus.release('unsubscribe')
  await client.reply(id)
  expect(node.bus.calls('subscribe')).toBe(subscribed + 1)
  await node.hub.publish('news', 1)
  expect(await client.received('news', 1)).toHaveLength(1)
})

test('everybody who leaves while the bus still subscribes lets the channel linger and go', async () => {
  const node = await hubs.node({ times })
  const client = await node.connected()
  node.bus.hold('subscribe')
  client.send({ subscribe: { channel: 'news' } })
  await eventually(() => node.bus.held('subscribe') === 1)
  await client.ask({ unsubscribe: { channel: 'news' } })
  expect(node.bus.calls('unsubscribe')).toBe(0)
  node.bus.release('subscribe')
  await eventually(() => node.hub.stats().busChannels === 0)
  expect(node.bus.calls('unsubscribe')).toBe(1)
})

test('an unsubscribe that the bus fails is a warning, and the channel can be had again', async () => {
  const node = await hubs.node({ times })
  const warnings: string[] = []
  node.hub.on('warning', ({ message }) => warnings.push(message))
  const client = await node.connected()
  await client.subscribe('news')
  node.bus.failNext('unsubscribe')
  await client.ask({ unsubscribe: { channel: 'news' } })
  await eventually(() => node.hub.stats().busChannels === 0)
  expect(warnings).toEqual(['unsubscribing from the bus failed'])
  await client.subscribe('news')
})
