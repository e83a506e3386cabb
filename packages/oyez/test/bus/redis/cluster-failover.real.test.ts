import { afterEach, beforeEach, expect, it } from 'vitest'
import { partitionOf, slotOfPartition } from '../../../src/bus/redis/topology/partition.ts'
import { RedisClusterServers } from '../../fixture/redis-cluster.ts'
import { type RedisServer, waitFor } from '../../fixture/redis-server.ts'
import { Follower, Publisher } from './follower.ts'

const ROOMS = Array.from({ length: 12 }, (_, n) => `room-${n}`)

let cluster: RedisClusterServers
let node: Follower
let publishers: Publisher[]

beforeEach(async () => {
  cluster = await RedisClusterServers.start({ replicas: 1 })
  node = await Follower.start({ url: cluster.url }, ROOMS)
  publishers = ROOMS.map((room) => new Publisher(node.bus, room, 'ann'))
  await everybodyPublishes()
})
afterEach(async () => {
  for (const one of publishers) one.stop()
  await node.close()
  await cluster.cleanup()
})

async function everybodyPublishes(): Promise<void> {
  await Promise.all(publishers.map((publisher) => publisher.next()))
}

async function expectNothingLost(): Promise<void> {
  for (const [index, room] of ROOMS.entries()) {
    await node.hears(room, publishers[index]?.stored.length ?? 0)
    expect(node.texts(room), room).toEqual(publishers[index]?.stored)
    expect(node.breaks(room), room).toEqual([])
  }
}

function slotOf(room: string): number {
  return slotOfPartition(partitionOf(room))
}

/** The master of the first room, its replica, and the rooms that it has. */
async function victim(): Promise<{ master: RedisServer; replica: RedisServer; rooms: string[] }> {
  const master = (await cluster.ownerOf(slotOf(ROOMS[0] ?? ''))) as RedisServer
  const replica = cluster.replicas[cluster.masters.indexOf(master)] as RedisServer
  const owners = await Promise.all(ROOMS.map((room) => cluster.ownerOf(slotOf(room))))
  return { master, replica, rooms: ROOMS.filter((_, index) => owners[index] === master) }
}

async function caughtUp(master: RedisServer, replica: RedisServer): Promise<void> {
  const offset = async (server: RedisServer): Promise<string | undefined> =>
    /master_repl_offset:(\d+)/.exec(await server.command('INFO', 'replication'))?.[1]
  await waitFor(async () => (await offset(master)) === (await offset(replica)))
}

/** Resolves, with the moment, when another node knows the new master. */
async function promoted(master: RedisServer, by: RedisServer, deadlineMs = 20_000): Promise<number> {
  await waitFor(async () => (await cluster.ownerOf(slotOf(ROOMS[0] ?? ''), by)) !== master, deadlineMs)
  return performance.now()
}

it('when a master dies, its replica is followed within 3 s, and the other masters go on meanwhile', async () => {
  const { master, replica, rooms } = await victim()
  await caughtUp(master, replica)
  await master.kill()
  await node.says('down', 0, 4_500)
  expect(node.statuses.find(({ state }) => state === 'down')).toMatchObject({
    error: { message: expect.stringContaining(String(master.port)) as string },
  })
  const others = publishers.filter((_, index) => !rooms.includes(ROOMS[index] ?? ''))
  await Promise.all(others.map((publisher) => publisher.next()))
  const known = promoted(master, replica)
  await everybodyPublishes()
  expect(performance.now() - (await known)).toBeLessThan(3_000)
  await node.says('up', node.states.indexOf('down'))
  await everybodyPublishes()
  await expectNothingLost()
  const gaps = node.gaps(node.states.indexOf('down')).flatMap((channels) => channels ?? ROOMS)
  expect(new Set(gaps)).toEqual(new Set(rooms))
})

it('a failover by hand loses nothing', async () => {
  const { master, replica } = await victim()
  for (const option of [[], ['FORCE']]) {
    const [from, to] = option.length === 0 ? [master, replica] : [replica, master]
    await everybodyPublishes()
    await caughtUp(from, to)
    await waitFor(async () => (await to.command('INFO', 'replication')).includes('master_link_status:up'))
    const by = cluster.masters.find((other) => other !== master) as RedisServer
    await waitFor(async () => {
      // The other masters vote about one master only now and then, and a vote that they refuse is not asked for again.
      await to.command('CLUSTER', 'FAILOVER', ...option)
      return promoted(from, by, 3_000).then(
        () => true,
        () => false,
      )
    }, 30_000)
    await everybodyPublishes()
  }
  await expectNothingLost()
  // Everything is heard where it is now, and nothing is asked of the one that was demoted.
  const heard = node.heard
  await everybodyPublishes()
  await waitFor(() => node.heard >= heard + ROOMS.length)
})

it('a frozen master is noticed within 4 s and followed', async () => {
  const { master, replica } = await victim()
  await caughtUp(master, replica)
  const frozenAt = performance.now()
  master.freeze()
  await node.says('down')
  expect(performance.now() - frozenAt).toBeLessThan(4_500)
  await everybodyPublishes()
  master.thaw()
  await waitFor(async () => (await master.command('ROLE')).includes('slave'), 30_000)
  await everybodyPublishes()
  await expectNothingLost()
})

it('without most of the masters the bus is down, says so, fails fast, and comes back', async () => {
  const [one, two, three] = cluster.masters as [RedisServer, RedisServer, RedisServer]
  for (const server of [one, two, ...cluster.replicas]) server.freeze()
  await node.says('down', 0, 10_000)
  await waitFor(async () => (await three.command('CLUSTER', 'INFO')).includes('cluster_state:fail'))
  const room = await roomOf(three)
  const began = performance.now()
  const request = { channel: room, record: Buffer.from('x'), retention: { size: 1, ttlMs: 1_000, metaTtlMs: 1_000 } }
  await expect(node.bus.append(request)).rejects.toMatchObject({ code: 'unavailable' })
  expect(performance.now() - began).toBeLessThan(1_000)
  expect(await node.bus.confirm(room)).toBe(false)
  const said = node.statuses.length
  for (const server of [one, two, ...cluster.replicas]) server.thaw()
  await node.says('up', said, 30_000)
  await everybodyPublishes()
  await expectNothingLost()
  expect(await node.bus.confirm(room)).toBe(true)
})

async function roomOf(server: RedisServer): Promise<string> {
  for (const room of ROOMS) if ((await cluster.ownerOf(slotOf(room), server)) === server) return room
  throw new Error('no room there')
}

it('a start needs one node that answers, be it a replica, and tells in one line when there is none', async () => {
  const [replica] = cluster.replicas
  const late = await Follower.start({ cluster: { nodes: ['127.0.0.1:1', `127.0.0.1:${replica?.port}`] } }, ['room-0'])
  await late.hears('room-0', 1)
  await late.close()
  await expect(Follower.start({ url: 'redis+cluster://127.0.0.1:1,127.0.0.1:2' }, [])).rejects.toThrow(
    /^no node of the Redis Cluster answers \(127\.0\.0\.1:1, 127\.0\.0\.1:2\): .*connection refused/,
  )
})
