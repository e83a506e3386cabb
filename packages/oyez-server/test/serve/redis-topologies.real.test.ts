import { afterEach, expect, it } from 'vitest'
import { RedisClusterServers } from '../../../oyez/test/fixture/redis-cluster.ts'
import { RedisServer } from '../../../oyez/test/fixture/redis-server.ts'
import { SentinelTrio } from '../../../oyez/test/fixture/sentinel-trio.ts'
import { OyezNode } from '../fixture/oyez-node.ts'

const ends: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

/** Publishes through one node and reads through another. */
async function expectOneTown(bus: string): Promise<void> {
  const nodes: OyezNode[] = []
  for (const name of ['one', 'two']) {
    const node = await OyezNode.start({ bus, name })
    nodes.push(node)
    ends.push(() => node.stop())
  }
  const [one, two] = nodes as [OyezNode, OyezNode]
  for (let n = 1; n <= 5; n++) {
    for (let room = 1; room <= 4; room++) await one.api('publish', { channel: `room:${room}`, data: n })
  }
  for (let room = 1; room <= 4; room++) {
    const { result } = await two.api('history', { channel: `room:${room}`, limit: 10 })
    const { publications } = result as { publications: { data: number }[] }
    expect(publications.map(({ data }) => data)).toEqual([1, 2, 3, 4, 5])
  }
}

it('two nodes are one town over sentinels', async () => {
  const trio = await SentinelTrio.start()
  ends.push(() => trio.cleanup())
  await expectOneTown(trio.url)
})

it('two nodes are one town over a Redis Cluster', async () => {
  const cluster = await RedisClusterServers.start()
  ends.push(() => cluster.cleanup())
  await expectOneTown(cluster.url)
})

it('two nodes are one town over several independent Redis', async () => {
  const servers = await Promise.all([1, 2, 3].map(() => RedisServer.start()))
  ends.push(() => Promise.all(servers.map((server) => server.cleanup())))
  await expectOneTown(servers.map(({ url }) => url).join(' '))
})
