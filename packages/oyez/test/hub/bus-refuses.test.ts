import { expect, test } from 'vitest'
import { BusError } from '../../src/bus/bus-error.ts'
import { eventually, useHubs } from './hub-fixture.ts'

const hubs = useHubs()

test('a refused bus subscription leaves nothing behind and the next try succeeds', async () => {
  const node = await hubs.node()
  const client = await node.connected()
  node.bus.failNext('subscribe', new BusError('refused', 'no rights'))
  const { error } = await client.ask({ subscribe: { channel: 'news' } })
  expect(error).toMatchObject({ code: 100, temporary: true })
  await eventually(() => node.hub.stats().busChannels === 0)
  expect(node.hub.stats()).toMatchObject({ subscriptions: 0, channels: 0, sequencers: 0 })

  expect(await client.subscribe('news')).toMatchObject({ recoverable: true })
  await node.hub.publish('news', 1)
  expect(await client.received('news', 1)).toHaveLength(1)
})

test('everybody who waited for the refused subscription is answered', async () => {
  const node = await hubs.node()
  const clients = [await node.connected(), await node.connected(), await node.connected()]
  node.bus.failNext('subscribe')
  const answers = await Promise.all(clients.map((client) => client.ask({ subscribe: { channel: 'news' } })))
  expect(answers.map(({ error }) => error?.code)).toEqual([100, 100, 100])
})

test('a log that cannot be read rolls the bus subscription back', async () => {
  const node = await hubs.node()
  const client = await node.connected()
  node.bus.failNext('read')
  expect((await client.ask({ subscribe: { channel: 'news' } })).error?.code).toBe(100)
  await eventually(() => node.hub.stats().busChannels === 0)
  expect(node.bus.calls('unsubscribe')).toBe(1)
  expect(await client.subscribe('news')).toMatchObject({ recoverable: true })
})

test('one refused channel does not take the others of the same tick with it', async () => {
  const node = await hubs.node()
  const client = await node.connected()
  // The call for all, then the call for the first alone.
  node.bus.failNext('subscribe', new BusError('refused', 'no rights to one of them'))
  node.bus.failNext('subscribe', new BusError('refused', 'no rights'))
  const ids = ['a', 'b', 'c'].map((channel) => client.send({ subscribe: { channel } }))
  const answers = await Promise.all(ids.map((id) => client.reply(id)))
  expect(answers.map(({ error }) => error?.code)).toEqual([100, undefined, undefined])
})

test('a personal channel that the bus refuses ends the connect with an error, and its command closes', async () => {
  const node = await hubs.node()
  const client = node.client()
  node.bus.failNext('subscribe')
  const { error } = await client.ask({ connect: { token: 'bob' } })
  expect(error).toMatchObject({ code: 100, temporary: true })
  expect(node.hub.stats()).toMatchObject({ users: 0, subscriptions: 0 })
  client.send({ subscribe: { channel: 'news' } })
  expect(await client.closed()).toBe(3501)
})

test('a bus that is away is asked once for all channels of a tick, not once for each', async () => {
  const node = await hubs.node()
  const client = await node.connected()
  const before = node.bus.calls('subscribe')
  node.bus.failNext('subscribe')
  const ids = Array.from({ length: 100 }, (_, n) => client.send({ subscribe: { channel: `c${n}` } }))
  const answers = await Promise.all(ids.map((id) => client.reply(id)))
  expect(answers.every(({ error }) => error?.code === 100)).toBe(true)
  expect(node.bus.calls('subscribe') - before).toBe(1)
})
