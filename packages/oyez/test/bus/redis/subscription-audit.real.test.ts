import { afterAll, beforeAll, expect, it } from 'vitest'
import { KeySpace } from '../../../src/bus/redis/key-space.ts'
import { makeClient } from '../../../src/bus/redis/redis-client.ts'
import { SubscriptionTable } from '../../../src/bus/redis/subscription-table.ts'
import { partitionOf, slotOfPartition, tagOfPartition } from '../../../src/bus/redis/topology/partition.ts'
import { RedisClusterServers } from '../../fixture/redis-cluster.ts'

let cluster: RedisClusterServers

beforeAll(async () => {
  cluster = await RedisClusterServers.start()
})
afterAll(() => cluster.cleanup())

it('a subscription that Redis ended and the driver overlooked is found by counting', async () => {
  const keys = new KeySpace('oyez', { tagOf: (channel) => tagOfPartition(partitionOf(channel)) })
  const table = new SubscriptionTable({
    nameOf: (channel) => keys.hints(channel),
    always: [keys.probe('x')],
    sharded: true,
    perChannel: true,
    onMessage() {},
  })
  const [first] = cluster.masters
  const rooms: string[] = []
  for (let n = 0; rooms.length < 5; n++) {
    if ((await cluster.ownerOf(slotOfPartition(partitionOf(`room-${n}`)))) === first) rooms.push(`room-${n}`)
  }
  const login = { username: undefined, password: undefined, database: 0, tls: undefined }
  const client = makeClient({ host: '127.0.0.1', port: first?.port ?? 0 }, login)
  client.on('error', () => undefined)
  await client.connect()
  try {
    await table.restore(client)
    await table.subscribe(rooms)
    expect(await table.audit()).toBe(true)
    await table.unsubscribe(rooms.slice(0, 2))
    expect(await table.audit()).toBe(true)
    // Behind the table's back, as a push that came in a bad moment is.
    await client.sUnsubscribe(keys.hints(rooms[2] ?? ''))
    expect(await table.audit()).toBe(false)
  } finally {
    table.close()
    client.destroy()
  }
})
