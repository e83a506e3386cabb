import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { partitionOf, slotOfPartition } from '../../../src/bus/redis/topology/partition.ts'
import { RedisClusterServers } from '../../fixture/redis-cluster.ts'
import { type RedisServer, waitFor } from '../../fixture/redis-server.ts'
import { Follower, Publisher } from './follower.ts'

let cluster: RedisClusterServers
let run = 0
const followers: Follower[] = []
const publishers: Publisher[] = []

beforeAll(async () => {
  cluster = await RedisClusterServers.start()
})
afterAll(() => cluster.cleanup())
afterEach(async () => {
  for (const one of publishers.splice(0)) one.stop()
  await Promise.all(followers.splice(0).map((follower) => follower.close()))
})

async function follow(channels: readonly string[]): Promise<Follower> {
  const follower = await Follower.start({ url: cluster.url }, channels)
  followers.push(follower)
  return follower
}

function publisher(node: Follower, channel: string, id: string): Publisher {
  const made = new Publisher(node.bus, channel, id)
  publishers.push(made)
  return made
}

function slotOf(channel: string): number {
  return slotOfPartition(partitionOf(channel))
}

/** Channels of one slot, and one of another. */
function neighbours(): { readonly moving: string[]; readonly staying: string } {
  run++
  const names = Array.from({ length: 5_000 }, (_, n) => `room-${run}-${n}`)
  const [first = ''] = names
  const moving = names.filter((name) => slotOf(name) === slotOf(first)).slice(0, 4)
  const staying = names.find((name) => slotOf(name) !== slotOf(first)) ?? ''
  return { moving, staying }
}

async function elsewhere(slot: number): Promise<RedisServer> {
  const owner = await cluster.ownerOf(slot)
  return cluster.masters.find((master) => master !== owner) as RedisServer
}

it('a slot that moves to and fro under load loses nothing, repeats nothing and keeps the order', async () => {
  const { moving, staying } = neighbours()
  const [one, two] = [await follow([...moving, staying]), await follow(moving)]
  const writers = moving.flatMap((channel) => [publisher(one, channel, 'ann'), publisher(two, channel, 'bob')])
  const running = writers.map((writer) => writer.run())
  const slot = slotOf(moving[0] ?? '')
  for (let round = 0; round < 6; round++) {
    const before = writers.map(({ stored }) => stored.length)
    await cluster.moveSlot(slot, await elsewhere(slot))
    await waitFor(() => writers.every(({ stored }, n) => stored.length > (before[n] ?? 0) + 10))
  }
  for (const writer of writers) writer.stop()
  await Promise.all(running.map((each) => each.catch(() => undefined)))
  for (const [index, channel] of moving.entries()) {
    const [ann, bob] = [writers[2 * index]?.stored ?? [], writers[2 * index + 1]?.stored ?? []]
    for (const follower of [one, two]) {
      await follower.hears(channel, ann.length + bob.length)
      const texts = follower.texts(channel)
      expect(texts.filter((text) => text.startsWith('ann'))).toEqual(ann)
      expect(texts.filter((text) => text.startsWith('bob'))).toEqual(bob)
      expect(follower.breaks(channel)).toEqual([])
    }
    expect(one.texts(channel)).toEqual(two.texts(channel))
  }
})

it('appends of one turn keep their order through a move', async () => {
  const { moving } = neighbours()
  const node = await follow(moving)
  const [channel = ''] = moving
  const slot = slotOf(channel)
  const request = { channel, retention: { size: 100_000, ttlMs: 600_000, metaTtlMs: 600_000 } }
  const sent: string[] = []
  let done = false
  const load = (async () => {
    while (!done) {
      const batch = Array.from({ length: 30 }, (_, n) => `${sent.length + n}`)
      sent.push(...batch)
      // Without numbers of their own: the bus alone keeps the order.
      await Promise.all(batch.map((text) => node.bus.append({ ...request, record: Buffer.from(text) })))
    }
  })()
  for (let round = 0; round < 4; round++) await cluster.moveSlot(slot, await elsewhere(slot))
  done = true
  await load
  await node.hears(channel, sent.length)
  expect(node.texts(channel)).toEqual(sent)
})

it('the end of a subscription by a move is a gap for the channels of that slot, and for no other', async () => {
  const { moving, staying } = neighbours()
  const node = await follow([...moving, staying])
  const said = node.statuses.length
  const slot = slotOf(moving[0] ?? '')
  await cluster.moveSlot(slot, await elsewhere(slot))
  await node.says('gap', said)
  await waitFor(() => new Set(node.gaps(said).flat()).size === moving.length)
  expect(new Set(node.gaps(said).flat())).toEqual(new Set(moving))
  expect(node.states.slice(said)).not.toContain('down')
  // It is live again where the slot is now.
  const heard = node.heard
  await publisher(node, moving[0] ?? '', 'ann').next()
  await waitFor(() => node.heard > heard)
})

it('while a move is half done, appends go on, are heard, and are read', async () => {
  const { moving } = neighbours()
  const [node, other] = [await follow(moving), await follow(moving)]
  const [channel = '', fresh = ''] = moving
  const slot = slotOf(channel)
  const ann = publisher(node, channel, 'ann')
  await ann.next()
  await other.hears(channel, 1)
  const bob = publisher(node, fresh, 'bob')
  await cluster.moveSlot(slot, await elsewhere(slot), async () => {
    // The keys are at the new node already, the subscribers at the old one.
    const heard = other.heard
    await ann.next()
    await bob.next()
    await waitFor(() => other.heard >= heard + 2)
    await waitFor(() => other.texts(channel).length === 2 && other.texts(fresh).length === 1)
  })
  await ann.next()
  await other.hears(channel, 3)
  expect(other.texts(channel)).toEqual(ann.stored)
  expect(other.breaks(channel)).toEqual([])
})

it('a channel whose keys are apart half-way is refused after a while, and goes on afterwards', async () => {
  const { moving } = neighbours()
  const node = await follow(moving)
  const [channel = ''] = moving
  const slot = slotOf(channel)
  const ann = publisher(node, channel, 'ann')
  await ann.next()
  const to = await elsewhere(slot)
  const from = (await cluster.ownerOf(slot)) as RedisServer
  await to.command('CLUSTER', 'SETSLOT', String(slot), 'IMPORTING', cluster.id(from))
  await from.command('CLUSTER', 'SETSLOT', String(slot), 'MIGRATING', cluster.id(to))
  const keys = (await from.command('CLUSTER', 'GETKEYSINSLOT', String(slot), '10')).split('\r\n')
  const meta = keys.find((key) => key.includes(`:${channel}:m`)) ?? ''
  await from.command('MIGRATE', '127.0.0.1', String(to.port), meta, '0', '5000')
  await expect(
    node.bus.append({ channel, record: Buffer.from('x'), retention: { size: 1, ttlMs: 1_000, metaTtlMs: 1_000 } }),
  ).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining('on its way') as string })
  const next = ann.next()
  await cluster.moveSlot(slot, to)
  await next
  await node.hears(channel, 2)
  expect(node.texts(channel)).toEqual(ann.stored)
})

it('a master that has nothing any more is left, and one that gets something is joined', async () => {
  const { moving } = neighbours()
  const node = await follow(moving)
  const fresh = await RedisClusterServers.joining(cluster)
  const [channel = ''] = moving
  const slot = slotOf(channel)
  const old = (await cluster.ownerOf(slot)) as RedisServer
  const ann = publisher(node, channel, 'ann')
  await ann.next()
  await cluster.moveSlot(slot, fresh)
  await ann.next()
  await node.hears(channel, 2)
  expect(await fresh.command('PUBSUB', 'SHARDCHANNELS')).toContain(channel)
  await cluster.moveSlot(slot, old)
  await ann.next()
  await node.hears(channel, 3)
  const clients = async (): Promise<number> =>
    (await fresh.command('CLIENT', 'LIST')).split('\n').filter((line) => line.includes('resp=3')).length
  await waitFor(async () => (await clients()) === 0, 20_000)
  expect(node.texts(channel)).toEqual(ann.stored)
})
