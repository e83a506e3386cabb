import { expect, test } from 'vitest'
import { eventually, turn, useHubs } from './hub-fixture.ts'

const hubs = useHubs()

test('a user is disconnected on every node, others are not', async () => {
  const [here, there] = [await hubs.node(), await hubs.node()]
  const [first, second, other] = [
    await here.connected('bob'),
    await there.connected('bob'),
    await there.connected('ann'),
  ]
  await here.hub.disconnect({ userId: 'bob' })
  expect(await first.closed()).toBe(3503)
  expect(await second.closed()).toBe(3503)
  await turn()
  expect(other.transport.closedWith).toBeUndefined()
})

test('one connection is disconnected by its id from another node, its user keeps the others', async () => {
  const [here, there] = [await hubs.node(), await hubs.node()]
  const first = await there.connected('bob')
  const second = there.client()
  const { client } = await second.connect('bob')
  await here.hub.disconnect({ connectionId: client }, { code: 4_000, reason: 'move over' })
  expect(await second.closed()).toBe(4_000)
  expect(second.transport.closedWith?.reason).toBe('move over')
  expect(first.transport.closedWith).toBeUndefined()
})

test('an order does not hit the user who came back after it', async () => {
  const node = await hubs.node()
  const first = await node.connected('bob')
  node.bus.holdHints()
  await node.hub.disconnect({ userId: 'bob' })
  await first.closed()
  const second = await node.connected('bob')
  node.bus.releaseHints()
  await turn()
  expect(second.transport.closedWith).toBeUndefined()
})

test('a code that no close frame can carry is an error, and nobody is half closed', async () => {
  const node = await hubs.node()
  const client = await node.connected('bob')
  for (const code of [0, 999, 1_005, 1_006, 1_015, 2_999, 5_000, 3_000.5, Number.NaN]) {
    await expect(node.hub.disconnect({ userId: 'bob' }, { code, reason: '' })).rejects.toThrow(TypeError)
  }
  await client.subscribe('news')
  expect(client.transport.closedWith).toBeUndefined()
})

test('garbage on the control channel, and orders that cannot be carried out, are ignored', async () => {
  const node = await hubs.node()
  const client = await node.connected('bob')
  const order = { version: 1, order: 'disconnect', target: { userId: 'bob' }, close: { code: 3_503, reason: 'x' } }
  for (const bytes of [
    '',
    'nonsense',
    'null',
    '[]',
    '{}',
    JSON.stringify({ ...order, version: 2 }),
    JSON.stringify({ ...order, order: 'explode' }),
    JSON.stringify({ ...order, target: null }),
    JSON.stringify({ ...order, target: { userId: 7 } }),
    JSON.stringify({ ...order, close: { code: '3503', reason: 'x' } }),
    JSON.stringify({ ...order, close: { code: 1_006, reason: 'x' } }),
    JSON.stringify({ ...order, close: { code: 99_999, reason: 'x' } }),
  ]) {
    node.bus.inject('@control', Buffer.from(bytes))
  }
  await client.subscribe('news')
  expect(client.transport.closedWith).toBeUndefined()
  node.bus.inject('@control', Buffer.from(JSON.stringify(order)))
  expect(await client.closed()).toBe(3503)
})

test('when the bus is down this node obeys nevertheless and the caller is told', async () => {
  const node = await hubs.node()
  const client = await node.connected('bob')
  node.bus.goDown()
  await expect(node.hub.disconnect({ userId: 'bob' })).rejects.toMatchObject({ code: 'bus-unavailable' })
  expect(await client.closed()).toBe(3503)
})

test('a message to a user reaches every device on every node, and nobody else', async () => {
  const [here, there] = [await hubs.node(), await hubs.node()]
  const devices = [await here.connected('bob'), await there.connected('bob'), await there.connected('bob')]
  const other = await there.connected('ann')
  const position = await here.hub.sendToUser('bob', { text: 'hear ye' })
  expect(position).toMatchObject({ offset: 1 })
  for (const device of devices) {
    expect(await device.received('#bob', 1)).toEqual([{ data: { text: 'hear ye' }, offset: 1 }])
  }
  expect(other.publications('#bob')).toEqual([])
  expect((await other.ask({ subscribe: { channel: '#bob' } })).error?.code).toBe(103)
  expect((await other.ask({ history: { channel: '#bob', limit: 10 } })).error?.code).toBe(103)
  await expect(here.hub.sendToUser('', 'nobody')).rejects.toThrow(TypeError)
})

test('a disconnect while a user connects finds the connection too', async () => {
  const node = await hubs.node()
  node.bus.hold('subscribe')
  const client = node.client()
  client.send({ connect: { token: 'bob' } })
  await eventually(() => node.bus.held('subscribe') === 1)
  await node.hub.disconnect({ userId: 'bob' })
  expect(await client.closed()).toBe(3503)
  node.bus.release('subscribe')
  await turn()
  expect(node.hub.stats()).toMatchObject({ connections: 0, users: 0, subscriptions: 0 })
})
