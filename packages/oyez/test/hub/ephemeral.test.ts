import { expect, test } from 'vitest'
import { useHubs } from './hub-fixture.ts'

const hubs = useHubs()
const channels = { defaults: { publish: 'anyone' as const }, namespaces: { typing: { logged: false } } }

test('an ephemeral publication has no offset, no position and no place in any log', async () => {
  const [here, there] = [await hubs.node({ channels }), await hubs.node({ channels })]
  const client = await here.connected('ann')
  const result = await client.subscribe('typing:1')
  expect(result.recoverable).toBeUndefined()
  expect(result.epoch).toBeUndefined()
  expect(await there.hub.publish('typing:1', 'a')).toBeUndefined()
  expect(await client.received('typing:1', 1)).toEqual([{ data: 'a' }])
  expect((await client.publish('typing:1', 'b')).publish).toEqual({})
  expect((await client.received('typing:1', 2))[1]?.info).toMatchObject({ user: 'ann' })
  expect(here.hub.stats().busStats.reads).toBe(1)
})

test('its history is not available, whatever is asked', async () => {
  const node = await hubs.node({ channels })
  const client = await node.connected()
  expect((await client.ask({ history: { channel: 'typing:1' } })).error?.code).toBe(108)
  expect((await client.ask({ history: { channel: 'typing:1', limit: 5 } })).error?.code).toBe(108)
  await client.subscribe('typing:1')
  expect((await client.ask({ history: { channel: 'typing:1' } })).error?.code).toBe(108)
})

test('who asks to recover it is told that it was not, without a break', async () => {
  const node = await hubs.node({ channels })
  const client = await node.connected('', { oyez_ext: 1 })
  const result = await client.subscribe('typing:1', { recover: true, epoch: 'x', offset: 3 })
  expect(result).toEqual({ was_recovering: true })
})

test('no sequencer follows it, no audit asks for it', async () => {
  const node = await hubs.node({ channels })
  const client = await node.connected()
  await client.subscribe('typing:1')
  expect(node.hub.stats()).toMatchObject({ channels: 1, busChannels: 1, sequencers: 0 })
})

test('a broadcast on a channel with a log, and a hint on one without, are ignored', async () => {
  const node = await hubs.node({ channels })
  const client = await node.connected()
  await client.subscribe('typing:1')
  await client.subscribe('news')
  node.bus.inject('typing:1', Buffer.from([0x6f, 1, 0, 0x31]), { epoch: 'x', offset: 1 })
  node.bus.inject('news', Buffer.from([0x6f, 1, 0, 0x31]))
  node.bus.inject('typing:1', Buffer.from('garbage'))
  await node.hub.publish('typing:1', 'real')
  await node.hub.publish('news', 'real')
  expect(await client.received('typing:1', 1)).toEqual([{ data: 'real' }])
  expect(await client.received('news', 1)).toEqual([{ data: 'real', offset: 1 }])
})
