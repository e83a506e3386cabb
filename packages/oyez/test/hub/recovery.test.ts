import { expect, test } from 'vitest'
import { MemoryBroker } from '../../src/bus/memory/index.ts'
import { type FakeClient, range, type SeenSubscription, useHubs } from './hub-fixture.ts'

const hubs = useHubs()
const EXTENDED = { oyez_ext: 1 }

/** Offsets that a client got by a subscribe: in its answer, then as pushes. */
function recovered(client: FakeClient, result: SeenSubscription): readonly (number | undefined)[] {
  return [...(result.publications ?? []).map(({ offset }) => offset), ...client.offsets('news')]
}

test('a short absence is served from memory, without a read of the log', async () => {
  const node = await hubs.node()
  const witness = await node.connected()
  const { epoch } = await witness.subscribe('news')
  for (const n of range(1, 20)) await node.hub.publish('news', n)
  await witness.received('news', 20)
  const before = node.bus.calls('read')
  const client = await node.connected()
  const result = await client.subscribe('news', { recover: true, epoch, offset: 12 })
  expect(result).toMatchObject({ recovered: true, was_recovering: true, offset: 12, epoch })
  expect(recovered(client, result)).toEqual(range(13, 20))
  expect(node.bus.calls('read')).toBe(before)
})

test('an absence that memory does not reach is served from the log, on the same node', async () => {
  const node = await hubs.node()
  for (const n of range(1, 30)) await node.hub.publish('news', n)
  const witness = await node.connected()
  const { epoch } = await witness.subscribe('news')
  const client = await node.connected()
  const result = await client.subscribe('news', { recover: true, epoch, offset: 5 })
  expect(recovered(client, result)).toEqual(range(6, 30))
})

test('on another node the stream goes on exactly where it stopped', async () => {
  const [here, there] = [await hubs.node(), await hubs.node()]
  const client = await here.connected()
  const { epoch } = await client.subscribe('news')
  for (const n of range(1, 10)) await there.hub.publish('news', n)
  await client.received('news', 10)
  await here.hub.close()
  for (const n of range(11, 15)) await there.hub.publish('news', n)
  const again = await there.connected()
  const result = await again.subscribe('news', { recover: true, epoch, offset: 10 })
  expect(result.recovered).toBe(true)
  await there.hub.publish('news', 16)
  await again.received('news', 1)
  expect(recovered(again, result)).toEqual(range(11, 16))
})

test('more than fits one answer comes as pushes, in order, once, also while others publish', async () => {
  const node = await hubs.node({
    limits: { maxPublicationsPerReply: 20 },
    channels: { defaults: { historySize: 1_000 } },
  })
  for (const n of range(1, 500)) await node.hub.publish('news', n)
  const client = await node.connected()
  const id = client.send({ subscribe: { channel: 'news', recover: true, epoch: '', offset: 0 } })
  for (const n of range(501, 700)) await node.hub.publish('news', n)
  const { subscribe: result = {} } = await client.reply(id)
  expect(result.publications?.length).toBeLessThanOrEqual(20)
  await client.received('news', 700 - (result.publications?.length ?? 0))
  expect(recovered(client, result)).toEqual(range(1, 700))
})

test('more than the ring holds is read in pages', async () => {
  const node = await hubs.node({
    limits: { maxPublicationsPerReply: 10, ringBytes: 3_000 },
    channels: { defaults: { historySize: 1_000 } },
  })
  for (const n of range(1, 400)) await node.hub.publish('news', n)
  const client = await node.connected()
  const result = await client.subscribe('news', { recover: true, epoch: '', offset: 0 })
  await client.received('news', 400 - (result.publications?.length ?? 0))
  expect(recovered(client, result)).toEqual(range(1, 400))
  expect(node.hub.stats().ringBytes).toBeLessThanOrEqual(3_000)
  await node.hub.publish('news', 'live')
  await client.received('news', 401 - (result.publications?.length ?? 0))
  expect(node.hub.stats().lagging).toBe(0)
})

test('a position ahead of what this node has heard makes the node catch up before it answers', async () => {
  const [here, there] = [await hubs.node(), await hubs.node()]
  const witness = await here.connected()
  const { epoch } = await witness.subscribe('news')
  here.bus.dropHints()
  for (const n of range(1, 5)) await there.hub.publish('news', n)
  expect(witness.offsets('news')).toEqual([])
  const client = await here.connected()
  const result = await client.subscribe('news', { recover: true, epoch, offset: 3 })
  expect(result.recovered).toBe(true)
  expect(recovered(client, result)).toEqual([4, 5])
  await witness.received('news', 5)
  here.bus.dropNone()
  await there.hub.publish('news', 6)
  await client.find(({ push }) => push?.pub?.offset === 6)
  expect(recovered(client, result)).toEqual([4, 5, 6])
})

test('a position from before everything, without an epoch, is the whole log while it is all there', async () => {
  const node = await hubs.node({ channels: { defaults: { historySize: 8 } } })
  for (const n of range(1, 5)) await node.hub.publish('news', n)
  const client = await node.connected()
  const whole = await client.subscribe('news', { recover: true, epoch: '', offset: 0 })
  expect(whole.recovered).toBe(true)
  expect(recovered(client, whole)).toEqual(range(1, 5))
  for (const n of range(6, 60)) await node.hub.publish('news', n)
  const late = await node.connected('', EXTENDED)
  const result = await late.subscribe('news', { recover: true, epoch: '', offset: 0 })
  expect(result.recovered).toBeUndefined()
  expect(result).toMatchObject({ was_recovering: true, offset: 60, oyez_break: { reason: 'trimmed' } })
  expect(recovered(late, result)).toEqual([])
})

test('a position that cannot be continued is told with its reason, and the stream goes on from the newest', async () => {
  const node = await hubs.node({ channels: { defaults: { historySize: 8 } } })
  const probe = await node.connected()
  const { epoch } = await probe.subscribe('news')
  for (const n of range(1, 40)) await node.hub.publish('news', n)
  const elsewhere = await hubs.node()
  const cases = [
    [{ epoch, offset: 3 }, 'trimmed'],
    [{ epoch, offset: 41 }, 'fork'],
    [{ epoch: 'nonsense', offset: 3 }, 'unknown'],
    [{ epoch: 'A'.repeat(22), offset: 3 }, 'new-log'],
    [{ epoch: '', offset: 7 }, 'unknown'],
  ] as const
  for (const [position, reason] of cases) {
    for (const place of [node, elsewhere]) {
      const client = await place.connected('', EXTENDED)
      const result = await client.subscribe('news', { recover: true, ...position })
      expect(result).toMatchObject({ was_recovering: true, epoch, offset: 40, oyez_break: { reason } })
      expect(result.oyez_break?.last).toEqual(position)
      expect(result.oyez_break?.next).toEqual({ epoch, offset: 40 })
      expect(result.recovered).toBeUndefined()
      expect(result.publications).toBeUndefined()
    }
  }
})

test('flag 2 turns an unrecovered subscribe into error 112, and no subscription is left', async () => {
  const node = await hubs.node()
  const client = await node.connected()
  const { error } = await client.ask({
    subscribe: { channel: 'news', recover: true, epoch: 'nonsense', offset: 3, flag: 2 },
  })
  expect(error?.code).toBe(112)
  expect(node.hub.stats().subscriptions).toBe(0)
  await client.subscribe('news')
})

test('server-side subscriptions are recovered by the connect', async () => {
  const node = await hubs.node()
  const first = await node.connected('ann')
  await node.hub.sendToUser('ann', 1)
  await first.received('#ann', 1)
  const epoch = first.seen[0]?.connect?.subs?.['#ann']?.epoch
  first.transport.hangUp()
  await node.hub.sendToUser('ann', 2)
  await node.hub.sendToUser('ann', 3)
  const client = node.client()
  const { subs } = await client.connect('ann', { subs: { '#ann': { recover: true, epoch, offset: 1 } } })
  expect(subs?.['#ann']).toMatchObject({ recovered: true, offset: 1 })
  expect(subs?.['#ann']?.publications?.map(({ data }) => data)).toEqual([2, 3])
  await node.hub.sendToUser('ann', 4)
  expect((await client.received('#ann', 1))[0]).toMatchObject({ offset: 4 })
})

test('500 clients of one channel that come back to a fresh node cost the log one read', async () => {
  const [old, fresh] = [await hubs.node(), await hubs.node()]
  const client = await old.connected()
  const { epoch } = await client.subscribe('news')
  for (const n of range(1, 50)) await old.hub.publish('news', n)
  const storm = await Promise.all(range(1, 500).map(() => fresh.connected()))
  const before = fresh.hub.stats().busStats.reads
  const results = await Promise.all(
    storm.map((one, index) => one.subscribe('news', { recover: true, epoch, offset: index % 50 })),
  )
  expect(fresh.hub.stats().busStats.reads - before).toBe(1)
  for (const [index, result] of results.entries()) {
    expect(result.publications?.map(({ offset }) => offset)).toEqual(range((index % 50) + 1, 50))
  }
})

test('so does a storm on a node that knows the channel but not so far back', async () => {
  const node = await hubs.node()
  for (const n of range(1, 50)) await node.hub.publish('news', n)
  const witness = await node.connected()
  const { epoch } = await witness.subscribe('news')
  const storm = await Promise.all(range(1, 200).map(() => node.connected()))
  const before = node.hub.stats().busStats.reads
  const results = await Promise.all(storm.map((one) => one.subscribe('news', { recover: true, epoch, offset: 10 })))
  expect(node.hub.stats().busStats.reads - before).toBe(1)
  expect(results.every(({ publications }) => publications?.length === 40)).toBe(true)
})

test('a storm that meets a node whose bus has just come back is served from memory', async () => {
  const node = await hubs.node()
  const witness = await node.connected()
  const { epoch } = await witness.subscribe('news')
  for (const n of range(1, 50)) await node.hub.publish('news', n)
  await witness.received('news', 50)
  node.bus.hold('read')
  node.bus.gap()
  const storm = await Promise.all(range(1, 100).map(() => node.connected()))
  const results = await Promise.all(storm.map((one) => one.subscribe('news', { recover: true, epoch, offset: 10 })))
  expect(results.every(({ publications }) => publications?.length === 40)).toBe(true)
  expect(node.bus.held('read')).toBe(1)
  await node.hub.publish('news', 51)
  node.bus.release('read')
  for (const one of storm) expect((await one.received('news', 1))[0]?.offset).toBe(51)
})

test('all workers gone: a log that began anew is a break, never a silent restart', async () => {
  const before = await hubs.node()
  const client = await before.connected()
  const { epoch } = await client.subscribe('news')
  for (const n of range(1, 5)) await before.hub.publish('news', n)
  hubs.broker = new MemoryBroker()
  const after = await hubs.node()
  for (const n of range(1, 9)) await after.hub.publish('news', n)
  const again = await after.connected('', EXTENDED)
  const result = await again.subscribe('news', { recover: true, epoch, offset: 5 })
  expect(result).toMatchObject({ offset: 9, oyez_break: { reason: 'new-log' } })
  expect(result.epoch).not.toBe(epoch)
})
