import { expect, test } from 'vitest'
import { eventually, turn, useHubs } from './hub-fixture.ts'

const hubs = useHubs()

test('the events of a connection come in their order, each once', async () => {
  const node = await hubs.node()
  const events: string[] = []
  const note = (text: string): void => void events.push(text)
  node.hub.on('connected', ({ connection }) => note(`connected ${connection.userId}`))
  node.hub.on('subscribed', ({ channel, recovered }) => note(`subscribed ${channel} ${recovered}`))
  node.hub.on('unsubscribed', ({ channel }) => note(`unsubscribed ${channel}`))
  node.hub.on('disconnected', ({ connection, code }) => note(`disconnected ${connection.userId} ${code}`))
  const client = await node.connected('ann')
  await client.subscribe('news')
  await client.ask({ unsubscribe: { channel: 'news' } })
  await client.ask({ unsubscribe: { channel: 'never' } })
  await client.subscribe('news', { recover: true, epoch: '', offset: 0 })
  client.transport.hangUp(1_000, 'bye')
  expect(events).toEqual([
    'connected ann',
    'subscribed #ann false',
    'subscribed news false',
    'unsubscribed news',
    'subscribed news true',
    'disconnected ann 1000',
  ])
})

test('a client that was not let in has no events', async () => {
  const node = await hubs.node({ authenticate: () => null })
  const events: string[] = []
  node.hub.on('connected', () => events.push('connected'))
  node.hub.on('disconnected', () => events.push('disconnected'))
  const client = node.client()
  client.send({ connect: {} })
  await client.closed()
  await turn()
  expect(events).toEqual([])
})

test('whoever is disconnected by a listener of connected is still seen to go', async () => {
  const node = await hubs.node()
  const events: string[] = []
  node.hub.on('connected', ({ connection }) => {
    events.push('connected')
    void node.hub.disconnect({ connectionId: connection.id }, { code: 4_500, reason: 'not today' })
  })
  node.hub.on('disconnected', ({ code }) => events.push(`disconnected ${code}`))
  const client = node.client()
  client.send({ connect: { token: 'ann' } })
  await eventually(() => events.length === 2)
  expect(events).toEqual(['connected', 'disconnected 4500'])
  expect(client.transport.closedWith?.code).toBe(4_500)
})

test('a message that a listener of connected sends comes after the answer to the connect', async () => {
  const node = await hubs.node()
  node.hub.on('connected', ({ connection }) => void node.hub.sendToUser(connection.userId, 'welcome'))
  const client = await node.connected('ann')
  await client.received('#ann', 1)
  expect(client.seen[0]?.connect).toBeDefined()
})

test('connections are those that were let in, and are still there', async () => {
  const node = await hubs.node()
  const ann = await node.connected('ann')
  node.client()
  node.bus.hold('subscribe')
  node.client().send({ connect: { token: 'bob' } })
  await eventually(() => node.bus.held('subscribe') === 1)
  expect([...node.hub.connections()].map(({ userId }) => userId)).toEqual(['ann'])
  node.bus.release('subscribe')
  await eventually(() => [...node.hub.connections()].length === 2)
  ann.transport.hangUp()
  expect([...node.hub.connections()].map(({ userId }) => userId)).toEqual(['bob'])
})

test('a listener that was taken away hears nothing, taken away twice too', async () => {
  const node = await hubs.node()
  let heard = 0
  const undo = node.hub.on('connected', () => (heard += 1))
  await node.connected()
  undo()
  undo()
  await node.connected()
  expect(heard).toBe(1)
})

test('an async listener of the hub that rejects harms no client and ends no process', async () => {
  const unhandled: unknown[] = []
  const onUnhandled = (reason: unknown): number => unhandled.push(reason)
  process.on('unhandledRejection', onUnhandled)
  const node = await hubs.node()
  node.hub.on('connected', () => Promise.reject(new Error('mine')))
  await node.connected('ann')
  await new Promise((resolve) => setTimeout(resolve, 20))
  process.off('unhandledRejection', onUnhandled)
  expect(unhandled).toEqual([])
})
