import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RedisBus } from '../../../src/bus/redis/index.ts'
import { RedisServer } from '../../fixture/redis-server.ts'
import { type TestNode, useHubs } from '../../hub/hub-fixture.ts'

const hubs = useHubs()
let server: RedisServer

beforeAll(async () => {
  server = await RedisServer.start()
})
afterAll(() => server.cleanup())

describe.each(['interest', 'broadcast'] as const)('two databases of one Redis, same prefix, %s routing', (routing) => {
  const node = (database: number): Promise<TestNode> =>
    hubs.node({
      inner: new RedisBus({ url: `${server.url}/${database}`, routing }),
      times: { pingIntervalMs: 60_000, auditIntervalMs: 60_000 },
    })

  it('a disconnect in one does not reach the clients of the other', async () => {
    const [zero, one] = [await node(0), await node(1)]
    const [bystander, meant] = [await zero.connected('bob'), await one.connected('bob')]
    await one.hub.disconnect({ userId: 'bob' })
    expect(await meant.closed()).toBeDefined()
    // Whatever had crossed over would have come before this.
    await bystander.subscribe('room')
    await zero.hub.publish('room', 'still here')
    await bystander.received('room', 1)
    expect(bystander.transport.closedWith).toBeUndefined()
  })

  it('a publication in one is not heard in the other', async () => {
    const [zero, one] = [await node(0), await node(1)]
    const [a, b] = [await zero.connected('a'), await one.connected('b')]
    const room = `room-${routing}`
    await a.subscribe(room)
    await b.subscribe(room)
    await one.hub.publish(room, 'one')
    await zero.hub.publish(room, 'zero')
    await a.received(room, 1)
    await b.received(room, 1)
    expect([a.publications(room), b.publications(room)]).toMatchObject([[{ data: 'zero' }], [{ data: 'one' }]])
    for (const { hub } of [zero, one]) expect(hub.stats()).toMatchObject({ resyncs: 0, breaks: 0 })
    for (const { bus } of [zero, one]) expect(bus.stats().unwanted).toBe(0)
  })
})

it('channels that are spread over two databases of one Redis are heard', async () => {
  const shards = [0, 1].map((database) => ({ url: `${server.url}/${database}` }))
  const [one, two] = await Promise.all([1, 2].map(() => hubs.node({ inner: new RedisBus({ shards }) })))
  const client = await one?.connected('a')
  const rooms = Array.from({ length: 20 }, (_, index) => `spread-${index}`)
  for (const room of rooms) await client?.subscribe(room)
  for (const room of rooms) await two?.hub.publish(room, room)
  for (const room of rooms) expect(await client?.received(room, 1)).toMatchObject([{ data: room }])
  expect(one?.hub.stats()).toMatchObject({ resyncs: 0 })
})
