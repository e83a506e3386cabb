import { afterEach, expect, it } from 'vitest'
import { type RedisServer, waitFor } from '../../fixture/redis-server.ts'
import { MASTER_NAME, SentinelTrio, type SentinelTrioOptions } from '../../fixture/sentinel-trio.ts'
import { Follower, Publisher } from './follower.ts'

let trio: SentinelTrio
const followers: Follower[] = []
const publishers: Publisher[] = []

async function town(options: SentinelTrioOptions = {}): Promise<{ node: Follower; master: RedisServer }> {
  trio = await SentinelTrio.start(options)
  return { node: await follow(), master: await trio.master() }
}

async function follow(): Promise<Follower> {
  const follower = await Follower.start({ url: trio.url }, ['room'])
  followers.push(follower)
  return follower
}

function publisher(node: Follower, id: string): Publisher {
  const made = new Publisher(node.bus, 'room', id)
  publishers.push(made)
  return made
}

afterEach(async () => {
  for (const one of publishers.splice(0)) one.stop()
  await Promise.all(followers.splice(0).map((follower) => follower.close()))
  await trio.cleanup()
})

it('when the master dies, the node publishes again within 3 s after the promotion, and positions continue', async () => {
  const { node, master } = await town()
  const ann = publisher(node, 'ann')
  for (let n = 0; n < 5; n++) await ann.next()
  await trio.caughtUp()
  await master.kill()
  const switched = trio.switched(master)
  await ann.next()
  const tookMs = performance.now() - (await switched)
  expect(tookMs).toBeLessThan(3_000)
  await node.says('up', node.states.indexOf('down'))
  for (let n = 0; n < 5; n++) await ann.next()
  await node.hears('room', ann.stored.length)
  expect(node.texts('room')).toEqual(ann.stored)
  expect(node.breaks('room')).toEqual([])
  // `down` is said again when its reason changes.
  expect(node.states.filter((state, index, all) => state !== all[index - 1]).slice(0, 4)).toEqual([
    'up',
    'down',
    'up',
    'gap',
  ])
})

it('what a failover loses is a fork for those who saw it', async () => {
  const { node, master } = await town()
  const ann = publisher(node, 'ann')
  for (let n = 0; n < 3; n++) await ann.next()
  await trio.caughtUp()
  const replica = trio.servers.find((server) => server !== master) as RedisServer
  replica.freeze()
  // What the master sends now would wait in the replica's socket.
  await master.command('CLIENT', 'KILL', 'TYPE', 'replica')
  const lost = await ann.next()
  await node.hears('room', 4)
  await master.kill()
  replica.thaw()
  await trio.switched(master)
  await waitFor(() => node.breaks('room').length > 0)
  expect(node.breaks('room')).toEqual(['fork'])
  expect(lost.offset).toBe(4)
  const bob = publisher(node, 'bob')
  expect(await bob.next()).toMatchObject({ offset: 4 })
})

it('after a failover by hand, with the old master still there, both connections are at the new one', async () => {
  const { node, master } = await town()
  const other = await follow()
  const ann = publisher(node, 'ann')
  await ann.next()
  await trio.caughtUp()
  const said = node.statuses.length
  // A sentinel takes its time to find that the replica is fit.
  const failover = async (): Promise<boolean> =>
    (await trio.sentinels[0]?.command('SENTINEL', 'FAILOVER', MASTER_NAME)) === '+OK'
  await waitFor(failover)
  await trio.switched(master)
  // What the old master still took would be lost: no failover by hand waits for it.
  await node.says('gap', said)
  await ann.next()
  const says = (...args: string[]): Promise<string> => master.command(...args).catch(() => '')
  await waitFor(async () => (await says('ROLE')).includes('slave'))
  await waitFor(async () => /^\*(?![^]*oyez)/.test(await says('PUBSUB', 'CHANNELS')))
  expect(await (await trio.master()).command('PUBSUB', 'CHANNELS')).toContain(':{room}:h')
  for (const follower of [node, other]) {
    await follower.hears('room', ann.stored.length)
    expect(follower.texts('room')).toEqual(ann.stored)
    expect(follower.breaks('room')).toEqual([])
  }
})

it('without any sentinel a master that works is kept, and the failover after they are back is followed', async () => {
  const { node, master } = await town()
  const ann = publisher(node, 'ann')
  await ann.next()
  for (const sentinel of trio.sentinels) await sentinel.kill()
  for (let n = 0; n < 20; n++) await ann.next()
  // A lost connection as well waits for somebody who knows, and for no longer.
  await master.command('CLIENT', 'KILL', 'TYPE', 'pubsub')
  for (const sentinel of trio.sentinels) await sentinel.restart()
  await trio.settled()
  await ann.next()
  await node.hears('room', ann.stored.length)
  await trio.caughtUp()
  await master.kill()
  await ann.next()
  await node.hears('room', ann.stored.length)
  expect(node.texts('room')).toEqual(ann.stored)
  expect(node.breaks('room')).toEqual([])
})

it('one sentinel is enough to follow the others', async () => {
  trio = await SentinelTrio.start()
  const [first] = trio.sentinels
  const node = await Follower.start({ url: `redis+sentinel://127.0.0.1:${first?.port}/${MASTER_NAME}` }, ['room'])
  followers.push(node)
  const master = await trio.master()
  await first?.kill()
  await master.kill()
  await trio.switched(master, 1)
  await publisher(node, 'ann').next()
  await node.hears('room', 1)
})

it('a frozen master is noticed and its successor is followed', async () => {
  const { node, master } = await town()
  const ann = publisher(node, 'ann')
  await ann.next()
  await trio.caughtUp()
  const frozenAt = performance.now()
  master.freeze()
  await node.says('down')
  expect(performance.now() - frozenAt).toBeLessThan(4_500)
  await ann.next()
  await node.hears('room', ann.stored.length)
  const position = node.position('room')
  master.thaw()
  // It comes back as a replica; whoever still talked to it would be told so.
  await waitFor(async () => (await master.command('ROLE')).includes('slave'))
  await ann.next()
  await node.hears('room', ann.stored.length)
  expect(node.texts('room')).toEqual(ann.stored)
  expect(node.position('room')?.epoch).toBe(position?.epoch)
})

it('a node confirms its master only with most of the sentinels', async () => {
  const { node } = await town()
  expect(await node.bus.confirm('room')).toBe(true)
  await trio.sentinels[0]?.kill()
  expect(await node.bus.confirm('room')).toBe(true)
  await trio.sentinels[1]?.kill()
  expect(await node.bus.confirm('room')).toBe(false)
})

it('a start without a sentinel, or with a name that nobody knows, fails with one clear line', async () => {
  trio = await SentinelTrio.start()
  const { port } = trio.sentinels[0] as RedisServer
  await expect(Follower.start({ url: `redis+sentinel://127.0.0.1:${port}/village` }, [])).rejects.toThrow(
    /^no sentinel says where village is \(127\.0\.0\.1:\d+: .*No such master/,
  )
  for (const sentinel of trio.sentinels) await sentinel.kill()
  await expect(Follower.start({ url: trio.url }, [])).rejects.toThrow(
    /^no sentinel says where town is \(.*connection refused/,
  )
})
