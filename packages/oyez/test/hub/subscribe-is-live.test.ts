import { expect, test } from 'vitest'
import { eventually, turn, useHubs } from './hub-fixture.ts'

const hubs = useHubs()

test('a subscribe is answered only when the bus subscription is live', async () => {
  const node = await hubs.node()
  const client = await node.connected()
  node.bus.hold('subscribe')
  const id = client.send({ subscribe: { channel: 'news' } })
  await eventually(() => node.bus.held('subscribe') === 1)
  await turn()
  expect(client.seen.some((message) => message.id === id)).toBe(false)
  node.bus.release('subscribe')
  expect((await client.reply(id)).subscribe).toMatchObject({ recoverable: true })
})

test('the second subscriber of a channel waits for the same subscription', async () => {
  const node = await hubs.node()
  const [first, second] = [await node.connected(), await node.connected()]
  node.bus.hold('subscribe')
  first.send({ subscribe: { channel: 'news' } })
  await eventually(() => node.bus.held('subscribe') === 1)
  const id = second.send({ subscribe: { channel: 'news' } })
  await turn()
  expect(second.seen.some((message) => message.id === id)).toBe(false)
  node.bus.release('subscribe')
  await second.reply(id)
  // The control channel of the hub itself is the other one.
  expect(node.bus.calls('subscribe')).toBe(2)
})

test('what is published right after the answer arrives, from another node too', async () => {
  const [here, there] = [await hubs.node(), await hubs.node()]
  const client = await here.connected()
  await client.subscribe('news')
  await there.hub.publish('news', 'first')
  expect(await client.received('news', 1)).toEqual([{ data: 'first', offset: 1 }])
})

test('thousands of channels wanted in one tick are one call to the bus', async () => {
  const node = await hubs.node({ limits: { maxChannelsPerConnection: 2_000, maxPendingCommands: 2_000 } })
  const client = await node.connected()
  const before = node.bus.calls('subscribe')
  const ids = Array.from({ length: 1_000 }, (_, index) => client.send({ subscribe: { channel: `c${index}` } }))
  await eventually(() => client.seen.length === 1 + ids.length)
  expect(node.bus.calls('subscribe') - before).toBe(1)
})
