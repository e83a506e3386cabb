import { expect, test } from 'vitest'
import { eventually, range, turn, useHubs } from './hub-fixture.ts'
import { ScriptedBus } from './scripted-bus.ts'

const hubs = useHubs()
const EXTENDED = { oyez_ext: 1 }

test('a client with the extension is told the new epoch in place, before what belongs to it', async () => {
  const bus = new ScriptedBus()
  const node = await hubs.node({ inner: bus })
  const client = await node.connected('', EXTENDED)
  await client.subscribe('news')
  bus.say('news', 2)
  bus.log('news').failOver(0)
  bus.say('news', 2)
  await client.received('news', 4)
  await client.find(({ push }) => push?.oyez_epoch !== undefined)
  expect(client.offsets('news')).toEqual([1, 2, 3, 4])
  const pushes = client.seen.flatMap(({ push }) => (push === undefined ? [] : [push.oyez_epoch ?? push.pub?.offset]))
  expect(pushes).toEqual([1, 2, 'e2', 3, 4])
  expect(node.hub.stats().breaks).toBe(0)
})

test('a client without it is unsubscribed with 2500, comes back with its position and misses nothing', async () => {
  const bus = new ScriptedBus()
  const node = await hubs.node({ inner: bus })
  const events: string[] = []
  node.hub.on('unsubscribed', ({ channel }) => events.push(channel))
  const client = await node.connected()
  const { epoch } = await client.subscribe('news')
  bus.say('news', 2)
  bus.log('news').failOver(0)
  bus.say('news', 2)
  const { push } = await client.find((message) => message.push?.unsubscribe !== undefined)
  expect(push?.unsubscribe).toEqual({ code: 2500, reason: 'insufficient state' })
  expect(events).toEqual(['news'])
  const last = client.offsets('news').at(-1) ?? 0
  const result = await client.subscribe('news', { recover: true, epoch, offset: last })
  expect(result).toMatchObject({ recovered: true, epoch: 'e2' })
  expect(result.publications?.map(({ offset }) => offset) ?? []).toEqual(range(last + 1, 4))
  expect(node.hub.stats()).toMatchObject({ subscriptions: 1, breaks: 0 })
})

test('a server-side subscription of such a client ends with its connection, 3010', async () => {
  const bus = new ScriptedBus()
  const node = await hubs.node({ inner: bus })
  const client = await node.connected('ann')
  bus.say('#ann', 1)
  await client.received('#ann', 1)
  bus.log('#ann').failOver(0)
  bus.say('#ann', 1)
  expect(await client.closed()).toBe(3010)
})

test('a client that lags when the epoch changes is told too', async () => {
  const bus = new ScriptedBus()
  const node = await hubs.node({ inner: bus, limits: { highWaterBytes: 2_000 } })
  const client = await node.connected('', EXTENDED)
  await client.subscribe('news')
  client.transport.stall()
  // Turn by turn, so that the high-water mark is looked at.
  while (node.hub.stats().lagging === 0) {
    bus.say('news', 1)
    await turn()
  }
  bus.log('news').failOver(0)
  bus.say('news', 5)
  await eventually(() => node.hub.stats().resyncs === 1)
  await turn()
  client.transport.drain()
  await client.received('news', bus.log('news').top)
  expect(client.offsets('news')).toEqual(range(1, bus.log('news').top))
  expect(client.seen.flatMap(({ push }) => push?.oyez_epoch ?? [])).toEqual(['e2'])
})

test('a client that followed the old master further than this node is told of the fork, although the ring reaches that far', async () => {
  const bus = new ScriptedBus()
  const node = await hubs.node({ inner: bus })
  const witness = await node.connected('', EXTENDED)
  await witness.subscribe('news')
  bus.say('news', 10)
  // Elsewhere 11 and 12 were heard, and lost with the old master.
  bus.log('news').failOver(0)
  bus.say('news', 5)
  await witness.received('news', 15)
  const client = await node.connected('', EXTENDED)
  const result = await client.subscribe('news', { recover: true, epoch: 'e1', offset: 12 })
  expect(result).toMatchObject({ was_recovering: true, offset: 15, epoch: 'e2' })
  expect(result.recovered).toBeUndefined()
  expect(result.oyez_break).toEqual({
    reason: 'fork',
    last: { epoch: 'e1', offset: 12 },
    next: { epoch: 'e2', offset: 15 },
    fork: 10,
  })
  // One that stayed below the fork continues.
  const other = await node.connected('', EXTENDED)
  expect(await other.subscribe('news', { recover: true, epoch: 'e1', offset: 9 })).toMatchObject({ recovered: true })
})
